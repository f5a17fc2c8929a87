"""Masked values occur nowhere in a file, whatever its format and however they are spelled."""

import base64
import hashlib
import io
import json
import zipfile
from dataclasses import replace

import pytest

from deepaid_core.domain.actions import Note
from deepaid_core.domain.case import Case, CaseStatus, Technique
from deepaid_core.domain.details import Neighbor
from deepaid_core.errors import InvalidParameterError
from deepaid_core.reports import docx, html, markdown, stix
from deepaid_core.reports.document import MASKS, ReportDocument, evidence_json
from deepaid_core.reports.masking import masked
from deepaid_core.reports.masking_words import Grams, Names
from deepaid_core.reports.outline import outline
from deepaid_core.reports.parts import Activity
from deepaid_core.store.sql import SqlStore
from tests.empty import empty_database
from tests.factories import make_detector_record, make_finding, make_run, make_verdict
from tests.kinds import make_link_finding, make_sequence_finding, make_series_finding, renamed

USER, HOST, ADDRESS = "quenby", "zanzibar7", "198.51.100.77"
HARDWARE, MAIL = "02:4c:0a:4d:9e:1f", "quenby@example.org"
PAYLOAD = "xyzzy-plugh-4711"
LINE = (
    f"Failed password for {USER} from {ADDRESS} port 22 ssh2 token={PAYLOAD} on {HOST} {HARDWARE}"
)


def spellings(value):
    raw = value.encode()
    return [
        value,
        value.upper(),
        raw.hex(),
        base64.b64encode(raw).decode(),
        base64.b64encode(b"a:" + raw).decode(),
        hashlib.sha256(raw).hexdigest(),
        hashlib.md5(raw, usedforsecurity=False).hexdigest(),
    ]


TOLD = " | ".join(
    [LINE, MAIL, *spellings(USER), *spellings(HOST), *spellings(ADDRESS),
     "77.100.51.198.in-addr.arpa", "198-51-100-77", "c633644d", f"http://{HOST}:8080/x"]
)  # fmt: skip
HIDDEN = {
    "users": [USER, USER.upper(), USER.encode().hex(), MAIL],
    "addresses": [
        HOST, HOST.upper(), ADDRESS, HARDWARE, HOST.encode().hex(), "198-51-100-77", "c633644d",
        "77.100.51.198", base64.b64encode(ADDRESS.encode()).decode()[:-3],
    ],
    "payload": [PAYLOAD, LINE, LINE[:40]],
}  # fmt: skip


def planted():
    """A finding of each kind in which the names occur wherever names can."""
    plain = make_finding(0, entity=ADDRESS, peers={HOST: 3, ADDRESS: 1}, summary=TOLD)
    columns = ("source", "username", "line", "source_mac")
    rows = tuple(replace(row, values=(ADDRESS, USER, LINE, HARDWARE)) for row in plain.evidence)
    plain = replace(plain, evidence_columns=columns, evidence=rows, source_name=f"{HOST}.pcap")
    session = make_sequence_finding()
    session = replace(
        session,
        entity=f"{HOST}:4711",
        summary=f"never seen: “{LINE}”",
        evidence=tuple(
            replace(row, values=(*row.values[:1], LINE, *row.values[2:]))
            for row in session.evidence
        ),
    )
    login = make_link_finding()
    details = login.interpretation.details
    user, source = details.observed[:2]
    renames = {user: USER, source: HOST, details.groups[1]: f"group of {HOST}"}
    login = swapped(login, renames)
    return [plain, session, make_series_finding(), replace(login, entity=USER)]


def swapped(value, renames):
    text = repr(value)
    assert all(old in text for old in renames)
    return deep(value, renames)


def deep(value, renames):
    from dataclasses import fields, is_dataclass

    if isinstance(value, str) and type(value) is str:
        return renames.get(value, value)
    if isinstance(value, tuple):
        return tuple(deep(one, renames) for one in value)
    if isinstance(value, dict):
        return {deep(name, renames): one for name, one in value.items()}
    if is_dataclass(value):
        changed = {f.name: deep(getattr(value, f.name), renames) for f in fields(value)}
        return replace(value, **changed)
    return value


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    store = SqlStore(
        empty_database(tmp_path_factory.mktemp("masking") / "x.db"), clock=lambda: 1_760_100_000.0
    )
    findings = planted()
    store.add_detector(make_detector_record(trained_on=f"{HOST}.pcap"))
    store.add_run(make_run(source_name=f"{HOST}.pcap"), findings)
    store.append([make_verdict(findings[0], reason=TOLD, author="ana")])
    ids = tuple(finding.id for finding in findings)
    case = Case(
        3, TOLD[:180], TOLD, TOLD, TOLD, TOLD, CaseStatus.OPEN, "amber", "", None, "ana",
        0.0, 0.0, 1, ids, (Technique("T1110", TOLD, "ana"),),
    )  # fmt: skip
    built = ReportDocument.build(
        store,
        ids,
        generated_time=1_760_200_000.0,
        version="9.9.9",
        filters=TOLD,
        case=case,
        subject="C-3",
        notes=(Note(1, 0.0, "ana", ids[0], TOLD),),
        activity=(Activity(0.0, "ana", TOLD, subject=ids[0]),),
    )
    store.close()
    return built


FORMATS = {
    "html": lambda document: html.render(document).encode(),
    "json": lambda document: evidence_json(document).encode(),
    "stix": lambda document: stix.render(document).encode(),
    "docx": lambda document: docx.render(outline(document)),
    "md": lambda document: markdown.render(outline(document), evidence=evidence_json(document)),
}


def content_of(data):
    """All bytes of a file, members of a zip unpacked, with their names."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"\n".join(name.encode() + b"\n" + archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize("mask", MASKS)
def test_masked_values_are_nowhere_in_the_evidence_file(document, mask):
    before = evidence_json(document)
    after = evidence_json(masked(document, [mask]))
    for value in HIDDEN[mask]:
        assert value in before or value in before.replace("\\u201c", "")
        assert value.casefold() not in after.casefold(), value


# What is drawn without a browser takes seconds for four findings.
@pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=pytest.mark.slow if one in ("docx", "md") else ())
     for one in FORMATS],
)  # fmt: skip
def test_masked_values_are_nowhere_in_a_file_of_any_format(document, name):
    data = content_of(FORMATS[name](masked(document, MASKS)))
    lowered = data.lower()
    for value in (value for values in HIDDEN.values() for value in values):
        assert value.encode().lower() not in lowered, value
    for item in document.findings:
        assert item.finding.id.encode() not in data
        assert item.finding.pattern_id.encode() not in data


def test_a_name_has_one_stand_in_throughout_and_two_names_have_two(document):
    after = masked(document, ["addresses"])
    plain, session, _, login = (item.finding for item in after.findings)
    host = next(name for name in plain.peers if name.startswith("host-"))
    assert host in plain.evidence[0].values[2]
    assert login.interpretation.details.observed[1] == host
    assert session.entity != host
    assert plain.entity.startswith("address-")
    assert plain.evidence[0].values[1] == USER


def test_who_stands_in_the_graph_only_is_masked_too(document):
    login = document.findings[-1].finding
    details = login.interpretation.details
    near = [Neighbor(f"{kind}-of-the-graph", kind, "", (), ()) for kind in ("user", "host")]
    changed = replace(
        login,
        interpretation=replace(
            login.interpretation, details=replace(details, neighbors=(*details.neighbors, *near))
        ),
    )
    alone = replace(document, findings=(replace(document.findings[-1], finding=changed),))
    assert "host-of-the-graph" in evidence_json(alone)
    after = evidence_json(masked(alone, ["users", "addresses"]))
    assert "user-of-the-graph" not in after
    assert "host-of-the-graph" not in after


def test_what_is_not_masked_stays_as_it_is(document):
    after = masked(document, ["users"])
    assert after.findings[0].finding.interpretation == document.findings[0].finding.interpretation
    assert after.findings[2].finding.interpretation == document.findings[2].finding.interpretation
    assert after.findings[0].finding.entity == ADDRESS
    assert after.findings[0].detector.sha256 == document.findings[0].detector.sha256
    assert masked(document, []) is document


def test_masked_content_has_a_digest_of_its_own_and_says_what_is_masked(document):
    after = masked(document, ["payload"])
    assert after.sha256 != document.sha256
    assert json.loads(evidence_json(after))["content"]["masks"] == ["payload"]
    assert "Masked: payload" in html.render(after)


def test_payload_is_gone_while_its_times_and_scores_stay(document):
    finding = masked(document, ["payload"]).findings[1].finding
    before = document.findings[1].finding
    assert all(row.values == () for row in finding.evidence)
    assert [row.time for row in finding.evidence] == [row.time for row in before.evidence]
    assert finding.interpretation.observed == before.interpretation.observed


def test_hostile_names_are_masked_too(document):
    from tests.unit.reports.conftest import HOSTILE

    session = renamed(make_sequence_finding(), HOSTILE)
    item = replace(document.findings[1], finding=session, row=document.findings[1].row)
    after = masked(replace(document, findings=(item,), title="x"), MASKS)
    assert "onerror=alert" not in evidence_json(after)


def test_an_unknown_mask_is_refused(document):
    with pytest.raises(InvalidParameterError, match="'faces' is no mask"):
        masked(document, ["faces"])


def test_stand_ins_never_take_somebodys_name():
    names = Names(["host"])
    names.add([("host", "host-1"), ("host", "bastion")])
    assert "host-1" not in names.masked("bastion and host-1").split()


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("10.0.0.5 and 10.0.0.50", "address-1 and address-2"),
        ("at 09:00:07 UTC, 12:30", "at 09:00:07 UTC, 12:30"),
        ("version 2.13.0", "version 2.13.0"),
        ("fe80::1 and FE80:0::1", "address-1 and address-1"),
        ("02-4C-0A-4D-00-0C, 024c.0a4d.000c", "hardware-address-1, hardware-address-1"),
        ("see eval.pcap.gz", "see eval.pcap.gz"),
        ("see files.example.com", "see host-1"),
        ("std::vector", "std::vector"),
    ],
)
def test_addresses_are_known_by_their_spelling(text, after):
    names = Names(["host", "address", "hardware"])
    assert names.masked(text) == after


def test_what_is_quoted_from_a_long_text_is_found_wherever_it_is_cut():
    grams = Grams(["GET /admin?session=9f8e7d6c5b4a HTTP/1.1"])
    assert "9f8e7d" not in grams.masked("it was …session=9f8e7d6c5b…, odd")
    assert grams.masked("nothing of it") == "nothing of it"
