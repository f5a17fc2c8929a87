import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def test_the_example_for_an_own_model_does_what_the_readme_says(capsys):
    text = README.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(code.splitlines()) <= 10
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102  our own documentation
    printed = capsys.readouterr().out.strip()
    assert printed
    assert f"prints `{printed}`" in text
