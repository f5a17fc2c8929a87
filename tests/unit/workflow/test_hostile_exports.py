"""Files that leave the workspace hold hostile text as text, and nothing that was masked."""

import base64
import csv
import html
import io
import json
import re
import shutil
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from deepaid_core.domain.actions import NewCase, NewNote
from deepaid_core.domain.case import CaseQuery
from deepaid_core.workflow import audit_export, exchange
from deepaid_core.workflow.navigator import navigator_layer
from deepaid_core.workflow.reporting import FORMATS, ReportRequest, make
from deepaid_core.workspace import Workspace
from deepaid_ui.export import findings_csv
from deepaid_ui.investigate_evidence import evidence_csv
from tests.factories import make_detector_record, make_finding, make_run, make_verdict
from tests.hostile import FORMULA, MARKUP, TEXTS, plant
from tests.kinds import make_link_finding, make_sequence_finding

# What draws, prints or is checked by a validator takes seconds.
QUICK = {"json"}
BY_SPEED = [
    pytest.param(one, marks=() if one in QUICK else pytest.mark.slow) for one in FORMATS
]  # fmt: skip
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
HIDDEN = ("\u202e", "\x00", "\\u202e", "\\u0000")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A workspace of hostile text, to be copied."""
    home = tmp_path_factory.mktemp("hostile") / "home"
    workspace = Workspace.open(home)
    found = plant(workspace)
    workspace.close()
    return home, found


@pytest.fixture
def planted(template, tmp_path):
    home, found = template
    shutil.copytree(home, tmp_path / "home")
    workspace = Workspace.open(tmp_path / "home")
    yield workspace, found
    workspace.close()


class Elements(HTMLParser):
    """Elements of a page with their attributes, and what stands between them."""

    def __init__(self, text):
        super().__init__()
        self.found, self.text, self._inside = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self._inside = tag

    def handle_data(self, data):
        if self._inside not in {"script", "style"}:
            self.text.append(data)

    def handle_endtag(self, tag):
        self._inside = ""


def members(data):
    """Names and contents of the files in a zip; the file itself where it is none."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return {"": data}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def parsed(content):
    return ElementTree.fromstring(content)  # noqa: S314 - a file of our own


def inert_html(data):
    page = Elements(data.decode())
    for tag, attributes in page.found:
        assert tag not in {"iframe", "object", "embed", "form", "base", "link"}
        assert not [name for name in attributes if name.startswith("on")], attributes
        for name in ("href", "src", "action"):
            assert attributes.get(name, "#").startswith(("#", "data:image/")), attributes
    said = "".join(page.text)
    assert "<script>alert(1)</script>" in said or FORMULA in said or "onclick=" in said


def inert_pdf(data):
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    root = reader.trailer["/Root"]
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(root)
    assert not {"/JavaScript", "/EmbeddedFiles"} & set(root.get("/Names", {}))
    for page in reader.pages:
        assert "/AA" not in page
        for one in page.get("/Annots") or []:
            action = one.get_object().get("/A", {}).get("/S")
            assert action in (None, "/GoTo"), action


def inert_docx(data):
    from docx import Document

    Document(io.BytesIO(data))
    for name, content in members(data).items():
        assert b'TargetMode="External"' not in content, name
        if name.endswith(".xml") and not name.startswith("word/footer"):
            assert not re.search(rb"instrText|fldSimple", content), name


def inert_markdown(data):
    inside = members(data)
    for name in inside:
        parts = PurePosixPath(name)
        assert not parts.is_absolute()
        assert all(SAFE_NAME.fullmatch(part) for part in parts.parts), name
    text = inside["report.md"].decode()
    text = re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.findall(r"<(?!br>)[a-zA-Z/!]", text)
    assert "://" not in text
    assert not re.findall(r"(?<!\\)\](?=\()(?!\((?:images/|#))", text)
    for name, content in inside.items():
        if name.endswith(".svg"):
            for one in parsed(content).iter():
                assert not re.search("script|foreignObject", one.tag)
                for key, value in one.attrib.items():
                    assert not key.startswith("on")
                    assert not key.endswith("href") or value.startswith(("#", "data:image/png"))


def inert_stix(data):
    from stix2validator import ValidationOptions, validate_string

    result = validate_string(data.decode(), ValidationOptions(version="2.1"))
    assert result.is_valid, [str(error) for error in result.errors]
    assert not [one for one in json.loads(data)["objects"] if one["type"] == "url"]


INERT = {
    "html": inert_html,
    "pdf": inert_pdf,
    "docx": inert_docx,
    "md": inert_markdown,
    "json": json.loads,
    "stix": inert_stix,
}


@pytest.mark.parametrize("form", BY_SPEED)
@pytest.mark.parametrize("of", ["finding", "case", "pattern"])
def test_reports_on_hostile_text_are_inert_in_their_readers(planted, form, of):
    workspace, found = planted
    one = found["markup"]
    # A case is the longest; the others are drawn of another kind of data each.
    asked = {
        "finding": {"finding_ids": (one.findings[1].id,)},
        "case": {"case_number": one.case_number},
        "pattern": {"pattern_id": one.findings[3].pattern_id},
    }[of]
    file = make(workspace, ReportRequest(format=form, title=MARKUP[:200], **asked))
    assert SAFE_NAME.fullmatch(file.name)
    INERT[form](file.data)
    if form not in ("json", "pdf"):  # the one keeps evidence as it is, the other packs its text
        inside = b"\n".join(members(file.data).values()).decode("utf-8", "replace")
        texts = [mark for mark in HIDDEN[:2] if form not in ("md", "docx") and mark in inside]
        assert texts == []


@pytest.mark.parametrize("name", TEXTS)
def test_no_cell_of_a_csv_file_is_a_formula(planted, name, monkeypatch):
    workspace, found = planted
    monkeypatch.setattr("deepaid_ui.session.author", lambda: FORMULA)
    one = found[name]
    files = [
        findings_csv(workspace, [finding.id for finding in one.findings], filters=one.text),
        *(evidence_csv(finding) for finding in one.findings),
        audit_export.export(workspace, form="csv", author=FORMULA),
    ]
    for content in files:
        rows = list(csv.reader(io.StringIO(content.decode())))
        assert len({len(row) for row in rows}) == 1
        assert len(rows) > 1
        for cell in (cell for row in rows for cell in row):
            assert cell.strip("\x00\u202e \t\r\n")[:1] not in {"=", "+", "-", "@"}, cell[:80]
    assert one.text.replace('"', '""') in files[0].decode()


def test_logs_and_lessons_survive_as_they_were_written(planted):
    workspace, found = planted
    read = json.loads(audit_export.export(workspace, form="json", author=MARKUP))
    told = json.dumps(read)
    for one in found.values():
        assert json.dumps(one.text)[1:-1] in told
    lessons = json.loads(exchange.export(workspace, "json", author=MARKUP))
    assert json.dumps(MARKUP)[1:-1] in json.dumps(lessons)
    assert parsed(exchange.export(workspace, "graphml", author=MARKUP)).tag
    layer = json.loads(navigator_layer(workspace))
    assert {one["techniqueID"] for one in layer["techniques"]} == {"T1046", "T1110.001"}
    assert MARKUP in layer["techniques"][0]["comment"]


USER, HOST, PAYLOAD = "zoe o'quark&sons", "kraken<7>.corp", "<token>xyzzy&plugh-4711</token>"


def spelled(text):
    raw = text.encode()
    return {
        text, quote(text), quote(text, safe=""), html.escape(text), html.escape(text, quote=False),
        base64.b64encode(raw).decode(), base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode(), raw.hex(), json.dumps(text)[1:-1],
    }  # fmt: skip


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    workspace = Workspace.open(tmp_path_factory.mktemp("secret") / "home")
    told = " | ".join(
        [f"{USER} on {HOST} sent {PAYLOAD}", *sorted(spelled(USER) | spelled(HOST)), PAYLOAD]
    )
    plain = make_finding(0, entity=HOST, peers={HOST: 2}, summary=told)
    plain = replace(
        plain,
        evidence_columns=("host", "user", "line"),
        evidence=tuple(replace(row, values=(HOST, USER, told)) for row in plain.evidence),
    )
    session = make_sequence_finding(entity=HOST)
    session = replace(
        session,
        evidence=tuple(
            replace(row, values=(row.values[0], PAYLOAD, *row.values[2:]))
            for row in session.evidence
        ),
    )
    login = make_link_finding()
    details = login.interpretation.details
    details = replace(details, observed=(USER, HOST, details.observed[2]))
    login = replace(
        login, entity=USER, interpretation=replace(login.interpretation, details=details)
    )
    findings = [plain, session, login]
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), findings)
    workspace.store.append([make_verdict(plain, reason=told, author="ana")])
    ids = tuple(finding.id for finding in findings)
    workspace.store.desk.act([NewCase(told, ids, "ana", told), NewNote(ids[0], told, "ana")])
    yield workspace
    workspace.close()


@pytest.mark.parametrize("form", BY_SPEED)
def test_what_is_masked_is_nowhere_in_a_file_however_it_is_spelled(secret, form):
    (case,) = secret.store.desk.cases(CaseQuery())

    def content(masks):
        data = make(secret, ReportRequest(case_number=case.number, format=form, masks=masks)).data
        parts = [name.encode() + b"\n" + one for name, one in members(data).items()]
        if form == "pdf":
            from pypdf import PdfReader

            reader = PdfReader(io.BytesIO(data))
            parts += [page.extract_text().encode() for page in reader.pages]
            parts += [str(reader.metadata).encode()]
        return b"\n".join(parts).lower()

    def found(data, text):
        return [one for one in spelled(text) if one.lower().encode() in data]

    masked = content(("users", "addresses", "payload"))
    for text in (USER, HOST, PAYLOAD):
        assert found(masked, text) == []
    if form in ("html", "json"):
        assert all(found(content(()), text) for text in (USER, PAYLOAD))
