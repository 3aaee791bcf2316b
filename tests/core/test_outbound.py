"""Where the server may connect to: nowhere inside, under whatever name, and to the addresses it has seen alone."""

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.outbound import NEVER, SPECIAL, Address, Destination, Network, NotAllowed, SsrfGuard, host_name

PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]
INSIDE = [
    *("127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1"),
    *("169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "198.18.0.1", "240.0.0.1"),
    *(
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "ff02::1",
        "fec0::1",
        "2001:db8::1",
        "100::1",
    ),
    *("::ffff:93.184.216.34", "::ffff:127.0.0.1", "64:ff9b::5db8:d822", "64:ff9b:1::1", "2002:5db8:d822::1", "2001::1"),
    *("::93.184.216.34", "::ffff:0:93.184.216.34", "fe80::1%eth0", "2606:2800::1%eth0"),
]


class Names:
    """A name server: each question about a name takes the next of its answers, the last one for ever."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.answers = {name.replace("_", "."): list(texts) for name, texts in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        answers = self.answers.get(name)
        if not answers:
            raise OSError(f"no address for {name}")
        return answers.pop(0) if len(answers) > 1 else answers[0]


def _addresses_of(networks: Sequence[Network]) -> st.SearchStrategy[Address]:
    return st.sampled_from(networks).flatmap(lambda network: st.ip_addresses(network=network))


def _outside(networks: Sequence[Network]) -> st.SearchStrategy[Address]:
    def is_outside(address: Address) -> bool:
        return not any(address.version == network.version and address in network for network in networks)

    general = [ip_network("0.0.0.0/0"), ip_network("2000::/3")]
    return _addresses_of(general).filter(is_outside)


@pytest.mark.parametrize("text", INSIDE)
async def test_the_inside_is_refused(text: str) -> None:
    for host in {text, f"[{text}]" if ":" in text else text}:
        with pytest.raises(NotAllowed):
            await SsrfGuard().database(host, 5432)


@pytest.mark.parametrize("text", PUBLIC)
async def test_the_public_internet_is_allowed(text: str) -> None:
    assert await SsrfGuard().database(text, 5432) == Destination(text, 5432, (ip_address(text),))


@given(_addresses_of(SPECIAL) | _addresses_of(NEVER))
async def test_no_special_address_is_allowed_by_number_or_by_name(address: Address) -> None:
    guard = SsrfGuard(resolve=Names(example_com=[[str(address)]]))

    for host in (str(address), "example.com"):
        with pytest.raises(NotAllowed):
            await guard.database(host, 1433)


@given(_outside([*SPECIAL, *NEVER]))
async def test_every_other_address_is_allowed_and_pinned(address: Address) -> None:
    guard = SsrfGuard(resolve=Names(example_com=[[str(address)]]))

    assert (await guard.database(str(address), 1433)).addresses == (address,)
    assert await guard.database("EXAMPLE.com.", 1433) == Destination("example.com", 1433, (address,))


@given(st.ip_addresses(v=4))
async def test_no_address_hides_in_another_family(inner: Address) -> None:
    everywhere = SsrfGuard([ip_network("0.0.0.0/0"), ip_network("::/0")])
    number = int(inner)
    wrapped = [
        IPv6Address(0xFFFF << 32 | number),  # mapped
        IPv6Address(0xFFFF << 48 | number),  # translated
        IPv6Address(0x64FF9B << 96 | number),  # NAT64
        IPv6Address(0x64FF9B0001 << 80 | number),  # NAT64 of one's own
        IPv6Address(0x2002 << 112 | number << 80),  # 6to4
        IPv6Address(0x20010000 << 96 | number ^ 0xFFFFFFFF),  # Teredo
    ]

    assert [str(address) for address in wrapped if everywhere.allows(address)] == []


@given(st.ip_addresses(v=4, network="127.0.0.0/8") | st.ip_addresses(v=4, network="10.0.0.0/8"))
async def test_an_address_in_an_unusual_form_is_nobody_s(address: IPv4Address) -> None:
    number, parts = int(address), str(address).split(".")
    forms = [
        str(number),
        hex(number),
        oct(number).replace("0o", "0"),
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"{parts[0]}.{parts[1]}.{number & 0xFFFF}",
        ".".join(hex(int(part)) for part in parts),
        ".".join(f"0{int(part):o}" for part in parts),
        f"{address}.",
        f"0{address}",
        str(address).translate({ord(str(digit)): 0x2460 + digit - 1 for digit in range(1, 10)}),
        str(address).replace(".", "\u3002"),
    ]
    # The system's own resolver: it would understand most of them.
    guard = SsrfGuard()

    for form in forms:
        with pytest.raises(NotAllowed):
            await guard.database(form, 5432)
    guard.close()


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "localhost.", "ip6-localhost", "\uff4cocalhost"])
async def test_a_name_that_the_system_knows_as_this_machine_is_refused(name: str) -> None:
    guard = SsrfGuard()

    with pytest.raises(NotAllowed):
        await guard.database(name, 5432)
    guard.close()


async def test_one_address_inside_is_enough_to_be_refused() -> None:
    guard = SsrfGuard(resolve=Names(example_com=[[*PUBLIC, "10.0.0.1"]]))

    with pytest.raises(NotAllowed):
        await guard.database("example.com", 5432)


async def test_a_name_that_leads_elsewhere_later_does_not_change_what_was_allowed() -> None:
    names = Names(example_com=[[PUBLIC[0]], ["127.0.0.1"]])
    guard = SsrfGuard(resolve=names)

    destination = await guard.database("example.com", 5432)

    assert destination.addresses == (ip_address(PUBLIC[0]),)
    assert names.asked == ["example.com"], "it is asked once, so what was judged is what is connected to"
    with pytest.raises(NotAllowed):
        await guard.database("example.com", 5432)


async def test_what_does_not_exist_and_what_is_inside_get_the_same_answer() -> None:
    guard = SsrfGuard(resolve=Names(erp_example_com=[["10.0.0.1"]], odd_example_com=[["no address"]]))
    answers = set()

    for name in ("erp.example.com", "nothing.example.com", "odd.example.com", "no name", "10.0.0.1"):
        with pytest.raises(NotAllowed) as refused:
            await guard.database(name, 5432)
        answers.add(str(refused.value))

    assert len(answers) == 1, "or names of the inside could be found out"


async def test_the_operator_s_networks_are_allowed() -> None:
    networks = [ip_network("10.1.0.0/16"), ip_network("fd12:3456::/32"), ip_network("127.0.0.1/32")]
    guard = SsrfGuard(networks, resolve=Names(db=[["10.1.2.3", "fd12:3456::9"]]))

    assert (await guard.database("db", 1433)).addresses == (ip_address("10.1.2.3"), ip_address("fd12:3456::9"))
    assert (await guard.database("127.0.0.1", 1433)).addresses == (ip_address("127.0.0.1"),)
    for host in ("10.2.0.1", "127.0.0.2", "fd12:3457::1"):
        with pytest.raises(NotAllowed):
            await guard.database(host, 1433)


@given(_addresses_of(NEVER))
async def test_no_setting_allows_metadata_links_and_multicast(address: Address) -> None:
    everywhere = SsrfGuard([ip_network("0.0.0.0/0"), ip_network("::/0"), ip_network(address)])

    assert not everywhere.allows(address)


@pytest.mark.parametrize("port", [-1, 0, 22, 25, 80, 443, 1023, 65_536])
async def test_a_database_has_a_port_of_its_own(port: int) -> None:
    with pytest.raises(NotAllowed, match="port"):
        await SsrfGuard().database(PUBLIC[0], port)


async def test_a_name_server_that_is_slow_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.outbound.RESOLVE_SECONDS", 0.01)

    async def never(_name: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return PUBLIC

    with pytest.raises(NotAllowed):
        await SsrfGuard(resolve=never).database("example.com", 5432)


@given(st.text(), st.integers())
async def test_any_text_is_allowed_or_refused_and_nothing_else(text: str, port: int) -> None:
    guard = SsrfGuard(resolve=Names())

    try:
        destination = await guard.database(text, port)
    except NotAllowed:
        return
    assert destination.addresses
    assert all(guard.allows(address) for address in destination.addresses)


@given(st.text())
def test_the_form_of_a_name_is_its_own_form(text: str) -> None:
    name = host_name(text)

    assert name is None or host_name(name) == name
    assert name is None or name.isascii()
