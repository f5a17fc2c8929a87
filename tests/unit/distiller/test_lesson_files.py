"""Lessons as files: lossless, the same each time, and strict about what comes back."""

import io
import json
from xml.etree import ElementTree

import networkx
import pytest

from deepaid_core.distiller.exchange import (
    from_graphml,
    from_json,
    lessons_of,
    to_graphml,
    to_json,
)
from deepaid_core.distiller.machine import Lesson, Machine, Outcome
from deepaid_core.domain.log import TaughtPath
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import ExchangeError

TRUE, FALSE = VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE

LESSONS = (
    TaughtPath("logins", FALSE, "backup-job", ("a",), 2),
    TaughtPath("packets", FALSE, "backup-job", ("a", "b"), 3),
    TaughtPath("packets", FALSE, "backup-job", ("b", "a"), 1),
    TaughtPath("packets", TRUE, "port-scan", ("a", "b"), 1),
)

HOSTILE = (
    "",
    " a ",
    "<script>alert(1)</script>",
    "]]>&amp;&#0;",
    'a"b',
    "a\nb\r\n\tc",
    "\0\x01\x7f\x85",
    "\u202eabc\u2028",
    "\ud800",
    "\udc00\ud800",
    "\uffff\ufffe",
    "\\u0000",
    "\\",
    "\U0001f600\U0010ffff",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    '["category-1","a\\nb","=cmd()"]',
)


def read_json(text: str) -> tuple[TaughtPath, ...]:
    return from_json(text.encode())


def read_graphml(text: str) -> tuple[TaughtPath, ...]:
    return from_graphml(text.encode())


FORMATS = [
    pytest.param(to_json, read_json, id="json"),
    pytest.param(to_graphml, read_graphml, id="graphml"),
]


def saved_again(text: str) -> str:
    """The file as networkx writes it after reading it."""
    graph = networkx.read_graphml(io.BytesIO(text.encode()))
    out = io.BytesIO()
    networkx.write_graphml(graph, out)
    return out.getvalue().decode()


def changed(change) -> str:
    """The JSON file of `LESSONS` after `change` was done to its content."""
    content = json.loads(to_json(LESSONS))
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(("write", "read"), FORMATS)
def test_what_was_written_is_read(write, read):
    assert read(write(LESSONS)) == LESSONS
    assert read(write(())) == ()


@pytest.mark.parametrize(("write", "read"), FORMATS)
def test_hostile_texts_survive(write, read):
    lessons = [TaughtPath("packets", TRUE, "scan", (text, "b"), 1) for text in HOSTILE]
    lessons += [TaughtPath(text or "x", FALSE, text or "x", ("a",), 1) for text in HOSTILE]
    read_back = read(write(lessons))
    assert sorted(read_back, key=repr) == sorted(lessons, key=repr)


@pytest.mark.parametrize(("write", "read"), FORMATS)
def test_the_same_lessons_give_the_same_file(write, read):
    split = (*reversed(LESSONS[2:]), TaughtPath("packets", FALSE, "backup-job", ("a", "b"), 1))
    split += (LESSONS[0], TaughtPath("packets", FALSE, "backup-job", ("a", "b"), 2))
    assert write(split) == write(LESSONS)
    assert read(write(split)) == LESSONS


def test_a_machine_gives_back_what_it_was_taught():
    machine = Machine.of(
        Lesson(one.detector_name, one.path, Outcome(one.label, one.category))
        for one in LESSONS
        for _ in range(one.count)
    )
    assert lessons_of(machine) == LESSONS


def test_halves_of_a_character_side_by_side_are_written_as_the_character():
    halves = TaughtPath("packets", TRUE, "scan", ("\ud83d\ude00",), 1)
    whole = TaughtPath("packets", TRUE, "scan", ("\U0001f600",), 1)
    assert to_json([halves]) == to_json([whole])
    assert read_graphml(to_graphml([halves])) == (whole,)


def test_graphml_draws_what_was_counted():
    graph = networkx.read_graphml(io.BytesIO(to_graphml(LESSONS).encode()))
    nodes = {
        (data["detector"], data["kind"], data["state"], data["ends_in"]): data
        for _, data in graph.nodes(data=True)
    }
    state_a = nodes["packets", "state", "a", ""]
    assert (state_a["support"], state_a["true_positives"], state_a["false_positives"]) == (5, 1, 4)
    assert nodes["packets", "start", "", ""]["support"] == 5
    assert nodes["logins", "state", "a", ""]["support"] == 2
    end = nodes["packets", "category", "", "true positive / port-scan"]
    assert (end["label"], end["support"]) == ("true positive / port-scan", 1)
    edges = sorted(
        (
            graph.nodes[source]["label"],
            graph.nodes[target]["label"],
            data["verdict"],
            data["category"],
            data["weight"],
        )
        for source, target, data in graph.edges(data=True)
        if graph.nodes[source]["detector"] == "packets"
    )
    assert edges == [
        ("a", "b", "false positive", "backup-job", 3),
        ("a", "b", "true positive", "port-scan", 1),
        ("a", "false positive / backup-job", "false positive", "backup-job", 1),
        ("b", "a", "false positive", "backup-job", 1),
        ("b", "false positive / backup-job", "false positive", "backup-job", 3),
        ("b", "true positive / port-scan", "true positive", "port-scan", 1),
        ("start", "a", "false positive", "backup-job", 3),
        ("start", "a", "true positive", "port-scan", 1),
        ("start", "b", "false positive", "backup-job", 1),
    ]


def test_labels_of_nodes_are_in_words():
    state = '["series-1","web01.pkts_out",-2,"up",1]'
    lessons = [TaughtPath("packets", TRUE, "scan", ("HH_weight:up:2", state), 1)]
    text = to_graphml(lessons, {"HH_weight": "packets on this connection"})
    graph = networkx.read_graphml(io.BytesIO(text.encode()))
    labels = {data["label"] for _, data in graph.nodes(data=True)}
    assert "packets on this connection: far above normal" in labels
    assert "web01.pkts_out 2 steps before: above normal" in labels


def test_graphml_that_another_program_saved_is_read():
    lessons = [*LESSONS, *(TaughtPath("x", TRUE, "y", (text,), 1) for text in HOSTILE if text)]
    assert sorted(read_graphml(saved_again(to_graphml(lessons))), key=repr) == sorted(
        lessons, key=repr
    )


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE graphml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE graphml SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE graphml [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]>",
        "<!DOCTYPE graphml>",
    ],
)
def test_a_document_type_is_refused(text):
    head, _, rest = to_graphml(LESSONS).partition("\n")
    with pytest.raises(ExchangeError, match="declares a document type"):
        read_graphml("\n".join((head, text, rest)))
    utf16 = "\n".join((head.replace("UTF-8", "UTF-16"), text, rest)).encode("utf-16")
    with pytest.raises(ExchangeError, match="declares a document type"):
        from_graphml(utf16)


def tampered(path: str, text: str) -> str:
    """The GraphML file of `LESSONS` with the text of one element replaced."""
    namespace = {"g": "http://graphml.graphdrawing.org/xmlns"}
    tree = ElementTree.fromstring(to_graphml(LESSONS))  # noqa: S314 - our own text
    found = tree.find(path, namespace)
    assert found is not None
    assert found.text != text
    found.text = text
    return ElementTree.tostring(tree, encoding="unicode")


@pytest.mark.parametrize(
    ("path", "text", "sentence"),
    [
        (".//g:edge/g:data[@key='weight']", "9", "contradict each other in 1 edges"),
        (".//g:edge/g:data[@key='category']", "none", "contradict each other in 1 edges"),
        (".//g:node/g:data[@key='support']", "9", "contradict each other in 1 nodes"),
        (".//g:node/g:data[@key='state']", "z", "contradict each other in 1 nodes"),
        (".//g:node/g:data[@key='support']", "-1", "must be a whole number"),
        (".//g:node/g:data[@key='support']", "9" * 5000, "must be a whole number"),
        (".//g:graph/g:data[@key='lessons']", to_json(LESSONS[1:]), "contradict each other"),
        (".//g:graph/g:data[@key='lessons']", "[]", "does not say that it is"),
    ],
)
def test_a_graph_that_contradicts_its_lessons_is_refused(path, text, sentence):
    with pytest.raises(ExchangeError, match=sentence):
        read_graphml(tampered(path, text))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('<data key="lessons">', '<data key="other">', "holds no lessons"),
        ("</graph>\n", "</graph>\n<graph/>\n", "several graphs"),
        ('<node id="n1">', '<node id="n0">', "Two nodes of the graph have the id 'n0'"),
        ('source="n2"', 'source="n99"', "names the node 'n99'"),
        ("</graphml>", "", "is no XML"),
        ("<graphml ", "<x/><graphml ", "begins with 'x'"),
        ('"http://graphml.graphdrawing.org/xmlns"', '"x"', "begins with 'graphml'"),
        ("    <node ", "<a>" * 60 + "</a>" * 60 + "    <node ", "nested deeper than 50"),
        ('<data key="weight">', '<data key="weight">1</data><data key="weight">', "twice"),
    ],
)
def test_a_file_that_is_no_graph_of_lessons_is_refused(old, new, sentence):
    text = to_graphml(LESSONS)
    assert old in text
    with pytest.raises(ExchangeError, match=sentence):
        read_graphml(text.replace(old, new, 1))


def test_a_file_of_an_unknown_encoding_is_refused():
    with pytest.raises(ExchangeError, match=r"cannot be read|is no XML"):
        read_graphml(to_graphml(LESSONS).replace("UTF-8", "klingon", 1))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: c.update(format="other"), "does not say that it is 'deepaid-lessons'"),
        (lambda c: c.update(version=2), "are of version 2, and version 1 is read here"),
        (lambda c: c.update(version=True), "are of version True"),
        (lambda c: c.update(more=1), "'format', 'lessons', 'more', 'version'"),
        (lambda c: c.update(lessons={}), "a list 'lessons'"),
        (lambda c: c["lessons"].append(c["lessons"][0]), "Lesson 5 of the file stands there twice"),
        (lambda c: c["lessons"].append(7), "Lesson 5 of the file is 7"),
        (lambda c: c["lessons"][0].update(x=1), "Lesson 1 of the file is {"),
        (lambda c: c["lessons"][0].update(label="benign positive"), "'benign positive'"),
        (lambda c: c["lessons"][0].update(label=["true positive"]), "has the label"),
        (lambda c: c["lessons"][0].update(category=""), "has the category ''"),
        (lambda c: c["lessons"][0].update(detector=None), "has the detector None"),
        (lambda c: c["lessons"][0].update(path=[]), r"has the path \[\]"),
        (lambda c: c["lessons"][0].update(path="ab"), "has the path 'ab'"),
        (lambda c: c["lessons"][0].update(path=[1]), "has the state 1"),
        (lambda c: c["lessons"][0].update(path=["x" * 100_001]), "has the state 'xxx"),
        (lambda c: c["lessons"][0].update(path=["x"] * 1_001), "has the path"),
        (lambda c: c["lessons"][0].update(count=0), "has the count 0"),
        (lambda c: c["lessons"][0].update(count=1.0), "has the count 1.0"),
        (lambda c: c["lessons"][0].update(count=True), "has the count True"),
        (lambda c: c["lessons"][0].update(count=10**10), "has the count 10000000000"),
    ],
)
def test_json_that_is_not_what_is_written_is_refused(change, sentence):
    with pytest.raises(ExchangeError, match=sentence) as refused:
        read_json(changed(change))
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"format": "deepaid-lessons", "format": "deepaid-lessons"}',
        b'{"format": "deepaid-lessons", "version": NaN}',
        b'{"format": "deepaid-lessons", "version": ' + b"9" * 10_000 + b"}",
    ],
)
def test_anything_else_is_refused(content):
    for read in (from_json, from_graphml):
        with pytest.raises(ExchangeError) as refused:
            read(content)
        assert len(str(refused.value)) < 400


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr("deepaid_core.distiller.exchange_json.LARGEST_FILE", 2**20)
    for read in (from_json, from_graphml):
        with pytest.raises(ExchangeError, match="2 MB, and 1 MB are read at most"):
            read(b" " * (2 * 2**20))
