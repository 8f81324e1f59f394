"""Where webhooks may be sent."""

import pytest

from sconto.domain.receiver_address import (
    ReceiverRules,
    UrlRefused,
    UrlRule,
    check_url,
    parse_networks,
)

NOWHERE_PRIVATE = ReceiverRules()
ONE_NETWORK = ReceiverRules(parse_networks("10.1.0.0/16, fd00:1::/32"))

PRIVATE = (
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.1.2.3",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a01:203::1",
    "2001::1",
    "fc00::1",
    "fd00:1::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "no address",
)
PUBLIC = (
    "1.1.1.1",
    "93.184.215.14",
    "2606:4700:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address: str) -> None:
    assert not NOWHERE_PRIVATE.allows(address)
    assert not NOWHERE_PRIVATE.allows_plain(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed_with_tls_only(address: str) -> None:
    assert NOWHERE_PRIVATE.allows(address)
    assert not ONE_NETWORK.allows_plain(address)


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "fd00:1::1"])
def test_a_named_network_is_allowed_and_no_other(address: str) -> None:
    assert ONE_NETWORK.allows(address)
    assert ONE_NETWORK.allows_plain(address)
    assert not ONE_NETWORK.allows("10.2.0.1")
    assert not ONE_NETWORK.allows("::1")


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hooks?from=sconto",
        "https://shop.example:8443",
        "https://1.1.1.1/",
        "https://[2606:4700:4700::1111]/",
        "https://xn--bcher-kva.example/",
        # A spelling of 127.0.0.1, which is refused when it is sent.
        "https://2130706433/",
    ],
)
def test_urls_of_the_internet_are_taken(url: str) -> None:
    check_url(url, NOWHERE_PRIVATE)


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("", UrlRule.PRINTABLE),
        ("shop.example", UrlRule.HTTPS),
        ("ftp://shop.example/", UrlRule.HTTPS),
        ("http://shop.example/", UrlRule.HTTPS),
        ("file:///etc/passwd", UrlRule.HTTPS),
        ("https://", UrlRule.HOST),
        ("https:///path", UrlRule.HOST),
        ("https://shop..example/", UrlRule.HOST),
        ("https://shop.example:0/", UrlRule.HOST),
        ("https://shop.example:99999/", UrlRule.URL),
        ("https://[::1/", UrlRule.URL),
        ("https://ada:secret@shop.example/", UrlRule.NO_USER),
        ("https://ada@shop.example/", UrlRule.NO_USER),
        ("https://shop.example/#top", UrlRule.NO_FRAGMENT),
        ("https://shop.example\\@evil.example/", UrlRule.NO_USER),
        ("https://shop.example/\\evil", UrlRule.NO_FRAGMENT),
        ("https://shop.example/ x", UrlRule.PRINTABLE),
        ("https://bücher.example/", UrlRule.PRINTABLE),
        ("https://shop.example/\n", UrlRule.PRINTABLE),
        ("https://shop.example/" + "x" * 2000, UrlRule.PRINTABLE),
        ("https://127.0.0.1/", UrlRule.PUBLIC),
        ("https://[::ffff:127.0.0.1]/", UrlRule.PUBLIC),
        ("https://169.254.169.254/latest/meta-data", UrlRule.PUBLIC),
    ],
)
def test_other_urls_are_refused(url: str, rule: UrlRule) -> None:
    with pytest.raises(UrlRefused) as refused:
        check_url(url, NOWHERE_PRIVATE)
    assert refused.value.rule is rule
    assert "secret" not in str(refused.value)


def test_plain_http_is_for_named_networks_only() -> None:
    check_url("http://10.1.2.3/", ONE_NETWORK)
    check_url("http://orders.internal/", ONE_NETWORK)
    with pytest.raises(UrlRefused) as refused:
        check_url("http://1.1.1.1/", ONE_NETWORK)
    assert refused.value.rule is UrlRule.HTTPS_OUTSIDE
