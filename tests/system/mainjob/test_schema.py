# SPDX-License-Identifier: GPL-3.0-or-later
"""A schema that is older than the programs, or missing: they say what to run, and named goes on answering."""

import contextlib

import pytest

from ddns.steps import StepFailed, wait_until


@contextlib.contextmanager
def changed(stack, there, back):
    """While the schema is not what it should be."""
    stack.sql(there)
    try:
        yield
    finally:
        stack.sql(back)


def told_by_gateway(stack):
    """What a gateway says that does not start."""
    begin = len(stack.gateway.read_log())
    with pytest.raises(StepFailed):
        stack.start_gateway()
    return stack.gateway.read_log(begin)


def test_an_older_schema(stack):
    address = stack.rdata(stack.host, "A")
    stack.gateway.stop()
    with changed(stack, "UPDATE ddns.schema_version SET version = version - 1",
                 "UPDATE ddns.schema_version SET version = version + 1"):
        said = told_by_gateway(stack)
        assert "schema is version -1" in said and "run ddns-schema upgrade" in said
        assert stack.rdata(stack.host, "A") == address
    stack.start_gateway()


def test_no_schema(stack):
    address = stack.rdata(stack.host, "A")
    stack.gateway.stop()
    with changed(stack, "ALTER SCHEMA ddns RENAME TO away", "ALTER SCHEMA away RENAME TO ddns"):
        assert "run ddns-schema install" in told_by_gateway(stack)
        stack.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dlz_ddns'")
        wait_until(lambda: "answering from memory: " in stack.named.read_log()
                   and "run ddns-schema install" in stack.named.read_log(), 30, "named says what is wrong")
        assert stack.rdata(stack.host, "A") == address
    stack.start_gateway()
    assert stack.update(stack.key_name, stack.key_secret, myip="192.0.2.77") == "good 192.0.2.77"
    stack.wait_answer(stack.host, "A", {"192.0.2.77"})
