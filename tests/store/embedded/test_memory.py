"""The bundled server takes a part of the memory of the machine or container."""

from pathlib import Path

import pytest

from sconto.store.embedded.memory import shared_buffers

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    ("limit", "buffers"),
    [(64, "128MB"), (512, "128MB"), (1024, "256MB")],
)
def test_shared_buffers_are_a_quarter_of_the_containers_memory(
    tmp_path: Path, limit: int, buffers: str
) -> None:
    file = tmp_path / "memory.max"
    file.write_text(f"{limit * MEGABYTE}\n")
    assert shared_buffers(file) == buffers


@pytest.mark.parametrize("text", [None, "max\n", ""])
def test_without_a_limit_the_machines_memory_counts(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "memory.max"
    if text is not None:
        file.write_text(text)
    assert 128 <= int(shared_buffers(file).removesuffix("MB")) <= 1024
