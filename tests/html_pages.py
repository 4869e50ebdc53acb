"""A strict check of HTML pages: allowed elements and attributes, no external resources."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """All elements of a page with their attributes, and its text; refuses what is not well nested."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> ends nothing"
        assert self.open[-1] == tag, f"</{tag}> ends <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


REFERENCES = ("src", "href", "xlink:href", "action", "data", "poster", "srcset", "formaction")
ACTIVE = {"script", "iframe", "object", "embed", "form", "input", "button", "base", "link", "video"}


def check_alone(text):
    """A page runs nothing and asks for nothing: no scripts, no handlers, no addresses but its own."""
    page = Page(text)
    for tag, attributes in page.elements:
        assert tag not in ACTIVE, tag
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in REFERENCES:
                assert value.startswith(("#", "data:image/png;base64,")), (tag, name, value)
    assert "url(http" not in text
    assert "@import" not in text
    return page


def check_accessible(page):
    """Images have words, tables heads, sections names; ids are unique and what is referred to is there."""
    ids = page.ids()
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            if name in attributes:
                assert attributes[name] in ids
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids
    assert all(image.get("alt") for image in page.named("img"))
    assert all(svg.get("role") == "img" for svg in page.named("svg"))
    assert page.named("html")[0].get("lang") == "en"
    assert len(page.named("h1")) == 1
    assert all(head.get("scope") in ("col", "row") for head in page.named("th"))
