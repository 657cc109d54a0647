"""A run as JUnit XML, which CI systems read: a failed case is a failure, an error is an error."""

from __future__ import annotations

from xml.etree import ElementTree

from eval.comparing.explain import explain
from eval.measuring.stages import STAGES
from eval.running.record import Run
from index.printable import as_xml


def junit(run: Run) -> str:
    """Return the XML of a run: one suite, one test a case, the metrics as properties."""
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
    for name, metric in run.metrics.items():
        if metric.value is not None:
            told = {"name": name, "value": f"{metric.value:g}"}
            ElementTree.SubElement(properties, "property", told)
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
            told = {"message": as_xml(result.error), "type": "error"}
            ElementTree.SubElement(test, "error", told)
        elif not result.passed:
            message = STAGES[result.stage] if result.stage else "failed"
            told = {"message": message, "type": result.stage or "failed"}
            ElementTree.SubElement(test, "failure", told).text = as_xml(explain(result))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
