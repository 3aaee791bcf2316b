"""What a server of the tests counts, as Prometheus would read it."""

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.support.server import Server


async def metrics_of(server: Server) -> dict[str, float]:
    """Return each number by its metric's name and the values of its labels: `monitora_operations_total query ok`.

    The server runs with a `MONITORA_METRICS_TOKEN`.
    """
    headers = {"authorization": f"Bearer {server.environment['MONITORA_METRICS_TOKEN']}"}
    address = f"http://{server.host}/metrics"
    async with aiohttp.ClientSession() as session, session.get(address, headers=headers) as page:
        assert page.status == 200
        return {
            sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(await page.text())
            for sample in family.samples
        }
