"""What is attached to a mail: documents of their own beside it, as the files in an archive are."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from index.errors import DocumentError
from index.library import Library
from index.loading.load import fingerprint, is_gone, load, members
from tests.bombs import zipped
from tests.commands import Footnoted
from tests.conftest import OpenLibrary
from tests.faults import Faults
from tests.test_ui_bad_input import told, uploaded
from ui.panels.adding.job import Jobs

PNG = b"\x89PNG\r\n\x1a\n"


def mail(*attached: tuple[str, bytes], text: str = "Ann, here is the plan of the mole.") -> bytes:
    made = EmailMessage(email.policy.SMTP)
    made["From"], made["To"], made["Subject"] = "bob@a.example", "ann@a.example", "The mole"
    made.set_content(text)
    made.add_alternative(f"<p>{text}</p><img src='cid:logo@a'>", subtype="html")
    made.get_payload()[1].add_related(PNG, "image", "png", cid="<logo@a>", filename="logo.png")
    for name, data in attached:
        made.add_attachment(data, "application", "octet-stream", filename=name)
    return bytes(made)


PLAN = ("plan.txt", b"The mole of Alder was built in 1848.")


def test_attachments_are_documents_whose_names_begin_with_their_mails(tmp_path: Path) -> None:
    path = tmp_path / "a.EML"
    given = [PLAN, ("plan.txt", b"Another plan."), ("site.dwg", b"?"), ("more.zip", zipped({}))]
    path.write_bytes(mail(*given))
    found = members(path)
    assert found is not None
    assert found.members == (str(path), f"{path}/plan (2).txt", f"{path}/plan.txt")
    assert dict(found.others) == {".dwg": 1}
    assert found.archives == ("more.zip",)
    document = load(f"{path}/plan.txt")
    assert (document.text, document.source) == (PLAN[1].decode(), f"{path}/plan.txt")
    assert load(f"{path}/plan (2).txt").text == "Another plan."
    assert "here is the plan" in load(path).text
    assert fingerprint(f"{path}/plan.txt") is not None
    assert not is_gone(document.source)
    assert is_gone(f"{path}/other.txt")
    with pytest.raises(DocumentError, match=r"There is no file other\.txt in a\.EML"):
        load(f"{path}/other.txt")
    path.write_bytes(mail())
    assert is_gone(document.source)
    assert members(path).members == (str(path),)
    path.write_bytes(b"no mail")
    assert members(path).members == (str(path),), "reading it says so"


HOSTILE = {
    "a name that leads elsewhere": ("../../etc/x.txt", "x.txt"),
    "a name of another system": ("C:\\files\\x.txt", "x.txt"),
    "a hidden name": (".x.txt", None),
    "signs that end lines": ("a\u2028b\x1b.txt", "a b .txt"),
    "a name without end": ("n" * 3_000 + ".txt", None),
    "an empty name": ("..", None),
}


@pytest.mark.faults
def test_hostile_names_of_attachments_are_names_and_no_paths(
    tmp_path: Path, faults: Faults
) -> None:
    for tries, (name, called) in faults.some(list(HOSTILE.items())):
        with faults.trying("attachments", tries):
            path = tmp_path / "a.eml"
            path.write_bytes(mail((name, b"A harbour.")))
            inside = [each.removeprefix(f"{path}/") for each in members(path).members[1:]]
            if called:
                assert inside == [called]
                assert load(f"{path}/{called}").text == "A harbour."
            assert not any("/" in each for each in inside)
            assert load(path).text


@pytest.mark.faults
def test_attachments_without_end_are_bounded(tmp_path: Path, faults: Faults) -> None:
    path = tmp_path / "a.eml"
    with faults.trying("attachments", "3,000 of them"):
        path.write_bytes(mail(*[("x.txt", b"A harbour.")] * 3_000))
        assert members(path).members == (str(path),)
        with pytest.raises(DocumentError, match="more than 1,000 parts"):
            load(path)
    with faults.trying("attachments", "broken ones"):
        head = b"From: a@b\nContent-Type: multipart/mixed; boundary=x\n\nA harbour.\n"
        part = b"--x\nContent-Disposition: attachment; filename=a.txt\n"
        code = b"Content-Transfer-Encoding: base64\n\n=====\xff\n"
        path.write_bytes(head + part + code + part + b"Content-Type: message/rfc822\n\n--x--\n")
        assert members(path).members[0] == str(path)


@pytest.mark.weights
def test_the_command_and_the_window_add_a_mail_and_what_is_attached(
    tmp_path: Path, open_library: OpenLibrary, footnoted: Footnoted
) -> None:
    path, place = tmp_path / "a.eml", tmp_path / "library"
    data = mail(PLAN, ("empty.txt", b""), ("more.zip", zipped({"a.txt": "x"})))
    path.write_bytes(data)
    ended = footnoted("add", path, "--library", place)
    assert ended.returncode == 2
    assert "2 added, 1 failed." in ended.stderr
    assert "more.zip is an archive in an email, and is not opened." in ended.stderr
    assert "empty.txt is empty" in ended.stderr
    assert sources(open_library(place)) == {str(path), f"{path}/plan.txt"}
    ended = footnoted("add", path, "--library", place, "--skip-bad")
    assert "2 unchanged, 1 failed." in ended.stderr
    library, jobs = open_library(tmp_path / "window's"), Jobs()
    job = uploaded(jobs, library, tmp_path, {"a.eml": data, "none.eml": b"no mail"})
    job.wait(60)
    assert sources(library) == {"a.eml", "a.eml/plan.txt"}
    assert sorted(told(job.outcomes())) == [
        "empty.txt is empty: it holds 0 bytes.",
        "more.zip is an archive in an email, and is not opened. Unpack it and add its files.",
        "none.eml is not an email: it has no sender, no recipient and no subject.",
    ]


def sources(library: Library) -> set[str]:
    return {entry.source for entry in library.entries()}
