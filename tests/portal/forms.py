"""Forms of a page, filled and sent as a browser without scripts would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

import httpx

from sconto.portal.pages import ADDRESS
from tests.portal.sessions import PortalClient

_CHOSEN: Final = ("checkbox", "radio")
_NOT_SENT: Final = ("submit", "button", "reset", "file", "image")


@dataclass
class Form:
    """A form: where it is sent to, and the values of its fields."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, value: str) -> None:
        """Add a value, as a field of the page has it."""
        self.fields.setdefault(name, []).append(value)


def forms_of(page: str) -> list[Form]:
    """The forms of a page that change something, in its order."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.forms


async def fill(
    portal: PortalClient, path: str, action: str = "", **typed: str | list[str]
) -> httpx.Response:
    """Open a page, type into the form that is sent to `action`, and send it.

    `action` begins after `/portal`; without one it is the page itself.
    """
    return await send(portal, await portal.get(path), action or path.partition("?")[0], **typed)


async def send(
    portal: PortalClient, page: httpx.Response, action: str, **typed: str | list[str]
) -> httpx.Response:
    """Type into the form of a page that is sent to `action`, and send it."""
    forms = {form.action.partition("#")[0]: form for form in forms_of(page.text)}
    form = forms[ADDRESS + action]
    return await portal.post(action, {**form.fields, **typed})


async def follow(portal: PortalClient, answer: httpx.Response) -> str:
    """The text of the page that a sent form leads to, with the notice at its top."""
    assert answer.status_code == 303, answer.text
    notice = answer.headers["set-cookie"].partition(";")[0]
    cookie = f"{portal.cookie}; {notice}"
    headers = {"Cookie": cookie, "Accept-Language": portal.language}
    page = await portal.client.get(answer.headers["location"], headers=headers)
    assert page.status_code == 200
    return words_of(page.text)


def faults_of(page: str) -> dict[str, str]:
    """What the page says about each field that is wrong, by the field's name."""
    reader = _Faults()
    reader.feed(page)
    reader.close()
    return {name: " ".join(reader.texts[place].split()) for name, place in reader.wrong}


def words_of(page: str) -> str:
    """What a page says, with single blanks."""
    reader = _Words()
    reader.feed(page)
    reader.close()
    return " ".join(" ".join(reader.texts).split())


class _Reader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form = Form("")
        self._text: tuple[str, list[str]] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name = found.get("name", "")
        if tag == "form":
            self._form = Form(found.get("action", ""))
            if found.get("method") == "post":
                self.forms.append(self._form)
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in found:
            self._form.add(self._select, found.get("value", ""))
        elif tag == "textarea":
            self._text = (name, [])
        elif tag == "input" and name and "disabled" not in found:
            kind = found.get("type", "text")
            if kind not in _NOT_SENT and (kind not in _CHOSEN or "checked" in found):
                self._form.add(name, found.get("value", "on" if kind in _CHOSEN else ""))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            name, parts = self._text
            # A browser ignores a first new line, and sends others as two characters.
            text = "".join(parts).removeprefix("\n").replace("\r\n", "\n")
            self._form.add(name, text.replace("\n", "\r\n"))
            self._text = None
        elif tag == "form":
            self._form = Form("")


class _Faults(HTMLParser):
    """Collects the wrong fields of a page, and the texts that describe fields."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[tuple[str, str]] = []
        self.texts: dict[str, str] = {}
        self._place = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if found.get("aria-invalid") == "true":
            self.wrong.append((found["name"], found["aria-describedby"]))
        if tag == "small":
            self._place = found.get("id", "")

    def handle_data(self, data: str) -> None:
        if self._place:
            self.texts[self._place] = self.texts.get(self._place, "") + data

    def handle_endtag(self, tag: str) -> None:
        if tag == "small":
            self._place = ""


class _Words(HTMLParser):
    """Collects the texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
