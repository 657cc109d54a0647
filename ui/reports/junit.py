"""A run as JUnit XML, which CI systems read: a failed case is a failure, an error is an error."""

from __future__ import annotations

from xml.etree import ElementTree

from eval.comparing.baseline import Verdict
from eval.comparing.explain import explain
from eval.measuring.stages import STAGES
from eval.running.record import Run
from index.printable import as_xml
from ui.reports.metric_text import named


def junit(run: Run, verdict: Verdict) -> str:
    """Return the XML of a run: one suite, one test a case.

    Its properties are the verdict, what differs from the baseline, and the metrics.
    """
    failed = sum(not each.passed and each.error is None for each in run.results)
    counts = {
        "tests": str(len(run.results)),
        "failures": str(failed),
        "errors": str(len(run.errors)),
        "skipped": "0",
    }
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": as_xml(run.set.name), **counts})
    properties = ElementTree.SubElement(suite, "properties")
    attributes = [("verdict", verdict.line)]
    if against := verdict.comparison:
        attributes += [("differs", each) for each in against.differs]
        attributes += [(why.casefold(), named(ids)) for why, ids in against.uncompared.items()]
    for name, value in attributes:
        said = {"name": name, "value": as_xml(value)}
        ElementTree.SubElement(properties, "property", said)
    for name, metric in run.metrics.items():
        if metric.value is not None:
            said = {"name": name, "value": f"{metric.value:g}"}
            ElementTree.SubElement(properties, "property", said)
    for result in run.results:
        seconds = (result.answer or {}).get("timings", {}).get("total_s") or 0.0
        test = ElementTree.SubElement(
            suite,
            "testcase",
            {
                "classname": as_xml(run.set.name),
                "name": as_xml(result.id),
                "time": f"{seconds:.3f}",
            },
        )
        if result.cached:
            kept = ElementTree.SubElement(test, "properties")
            ElementTree.SubElement(kept, "property", {"name": "cached", "value": "true"})
        if result.error is not None:
            said = {"message": as_xml(result.error), "type": "error"}
            ElementTree.SubElement(test, "error", said)
        elif not result.passed:
            message = STAGES[result.stage] if result.stage else "failed"
            said = {"message": message, "type": result.stage or "failed"}
            ElementTree.SubElement(test, "failure", said).text = as_xml(explain(result))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
