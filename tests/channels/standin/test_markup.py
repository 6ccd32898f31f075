"""The HTML subset: what it makes of a text, and the platform's words for what does not parse."""

from __future__ import annotations

import pytest

from tests.fakes.telegram.errors import ApiError
from tests.fakes.telegram.markup import parse_html, trim, typed


def entity(kind: str, offset: int, length: int, **more: object) -> dict[str, object]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("html", "plain", "entities"),
    [
        ("无标签", "无标签", []),
        ("<b>粗</b>体", "粗体", [entity("bold", 0, 1)]),
        ("<B>x</b>", "x", [entity("bold", 0, 1)]),
        ("<b>x</>", "x", [entity("bold", 0, 1)]),
        ("😀<i>x</i>", "😀x", [entity("italic", 2, 1)]),
        ("<b><i>x</i>y</b>", "xy", [entity("bold", 0, 2), entity("italic", 0, 1)]),
        ("<b></b>x", "x", []),
        ("&lt;b&gt; &amp;amp; &quot;&#39;&#x41;", "<b> &amp; \"'A", []),
        ("&lt b", "< b", []),
        ("A & B &nbsp; &copy;", "A & B &nbsp; &copy;", []),
        ("<tg-spoiler>1</tg-spoiler>", "1", [entity("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">1</span>', "1", [entity("spoiler", 0, 1)]),
        (
            '<a href="https://a.example/?x=1&amp;y=2">字</a>',
            "字",
            [entity("text_link", 0, 1, url="https://a.example/?x=1&y=2")],
        ),
        ("<a href=x>字</a>", "字", []),
        (
            "<u>1</u><s>2</s><del>3</del>",
            "123",
            [
                entity("underline", 0, 1),
                entity("strikethrough", 1, 1),
                entity("strikethrough", 2, 1),
            ],
        ),
        (
            '<pre><code class="language-python">x</code></pre>',
            "x",
            [entity("pre", 0, 1, language="python")],
        ),
        ("<code>x</code>", "x", [entity("code", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [entity("expandable_blockquote", 0, 1)]),
    ],
)
def test_when_html_is_right_then_text_and_entities(
    html: str, plain: str, entities: list[dict[str, object]]
) -> None:
    assert parse_html(html) == (plain, entities)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("字<br/>", 'Unsupported start tag "br/" at byte offset 3'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("x <b", "Unclosed start tag at byte offset 2"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        (
            "<b><i>x</b></i>",
            'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
        ),
        ('<a href="x>y', "Unclosed start tag at byte offset 0"),
        ("<a =x>y</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=a/b>y</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        (
            '<tg-emoji emoji-id="x">1</tg-emoji>',
            "Invalid custom emoji identifier specified",
        ),
    ],
)
def test_when_html_is_wrong_then_refused_as_the_platform_does(html: str, words: str) -> None:
    with pytest.raises(ApiError) as raised:
        parse_html(html)
    assert raised.value.code == 400
    assert raised.value.description == f"Bad Request: can't parse entities: {words}"


def test_when_trimmed_then_entities_move_along() -> None:
    plain, entities = parse_html(" \n 好<b>的 </b> ")
    assert trim(plain, entities) == ("好的", [entity("bold", 1, 1)])


def test_when_typed_then_commands_and_mentions_are_found() -> None:
    assert typed("/start@bot_x 去 /find a/b @ann") == [
        entity("bot_command", 0, 12),
        entity("bot_command", 15, 5),
        entity("mention", 25, 4),
    ]
