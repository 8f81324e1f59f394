"""The SQL of the functions that run on a merchant's node of a distributed database.

Citus runs the parts of a statement one by one through the coordinator. PostgreSQL runs it whole if
it names the shards of one merchant, which are ordinary tables of the node. So a function names them
and otherwise runs the same statement: in one snapshot, with the proofs written there.

In each session the first call of a function for a shard prepares the statement. Citus moves a shard
only while it has the metadata of the shard locked exclusively on all nodes. A function that writes
takes the same lock shared until it commits. Then each function checks that the shard is here. If it
was moved since the coordinator passed the call on, the call fails, and is repeated. After a change
of nodes, until Citus has informed all nodes, it passes no calls on and runs the functions on the
coordinator. They refuse that, and the statement is sent instead.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

HELPERS: Final = (
    # 5 is the lock mode SHARE.
    """
CREATE FUNCTION <prefix>shard_of(merchant bigint, writes boolean) RETURNS bigint
LANGUAGE plpgsql AS $body$
DECLARE
    shard bigint := get_shard_id_for_distribution_column('public.products', merchant);
BEGIN
    IF writes THEN
        PERFORM lock_shard_metadata(5, ARRAY[shard]);
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_dist_placement
        WHERE shardid = shard AND groupid = (SELECT groupid FROM pg_dist_local_group)
    ) THEN
        IF (SELECT groupid = 0 FROM pg_dist_local_group) THEN
            RAISE 'the call was not passed on' USING ERRCODE = 'SC001';
        END IF;
        RAISE serialization_failure USING MESSAGE = 'the merchant is on another node';
    END IF;
    RETURN shard;
END
$body$
""",
    # A transaction that is rolled back forgets the setting, but not the prepared statement.
    """
CREATE FUNCTION <prefix>prepare(name text, shard bigint, types text, statement text) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT relname, shard_name(other.logicalrelid, other.shardid) AS shard_name
        FROM pg_dist_shard AS given
        JOIN pg_dist_partition AS first ON first.logicalrelid = given.logicalrelid
        JOIN pg_dist_partition AS same ON same.colocationid = first.colocationid
        JOIN pg_dist_shard AS other ON other.logicalrelid = same.logicalrelid
            AND other.shardminvalue = given.shardminvalue
        JOIN pg_class ON pg_class.oid = same.logicalrelid
        WHERE given.shardid = shard
    LOOP
        statement := replace(statement, '<' || one.relname || '>', one.shard_name);
    END LOOP;
    BEGIN
        EXECUTE format('PREPARE %I %s AS ', name, types) || statement;
    EXCEPTION WHEN duplicate_prepared_statement THEN
        NULL;
    END;
    PERFORM set_config('sconto.' || name, 'prepared', false);
END
$body$
""",
    # Which node has the merchant, and the number that PostgreSQL drew when its data was made.
    """
CREATE FUNCTION <prefix>identify(merchant bigint, OUT node int, OUT server bigint)
LANGUAGE plpgsql AS $body$
BEGIN
    node := (SELECT groupid FROM pg_dist_local_group);
    server := (SELECT system_identifier FROM pg_control_system());
END
$body$
""",
    # `newest_price_version` for a shard of `timeline_versions`.
    """
CREATE FUNCTION <prefix>newest_price_version(versions text, merchant bigint) RETURNS bigint
LANGUAGE plpgsql AS $body$
DECLARE
    newest bigint;
BEGIN
    EXECUTE 'SELECT price_version FROM ' || versions || ' WHERE merchant_id = $1'
    INTO newest USING merchant;
    RETURN newest;
END
$body$
""",
)

# A function of our own that reads a table is treated like that table.
_CALL: Final = "newest_price_version("
_CALL_ON_SHARD: Final = "<prefix>newest_price_version('<timeline_versions>', "

_FUNCTION: Final = """
CREATE FUNCTION {name}({parameters}) LANGUAGE plpgsql
SET timezone = 'UTC' SET plan_cache_mode = 'force_generic_plan'
SET citus.enable_manual_changes_to_shards = 'on' AS $body$
DECLARE
    shard bigint;
    prepared text;
    promotions bigint[];
    is_done boolean;
BEGIN
    shard := <prefix>shard_of($1, {writes});
{body}
END
$body$
"""

_RUN: Final = """
    prepared := '{name}_' || shard;
    IF current_setting('sconto.' || prepared, true) IS NULL THEN
        PERFORM <prefix>prepare(prepared, shard, '{types}', $statement${statement}$statement$);
    END IF;
    EXECUTE format('EXECUTE %I {places}', prepared{arguments}){into};
"""

# It reads the shards of the node on which it runs. The first parameter only says which node that
# is.
_POLL: Final = """
CREATE FUNCTION {name}(representative bigint{parameters}, OUT node int, OUT answers json)
LANGUAGE plpgsql SET timezone = 'UTC' SET plan_cache_mode = 'force_generic_plan' AS $body$
DECLARE
    shard bigint;
    prepared text;
    answer json;
    of_shards json[] := '{{}}';
BEGIN
    node := (SELECT groupid FROM pg_dist_local_group);
    FOR shard IN
        SELECT shardid FROM pg_dist_shard JOIN pg_dist_placement USING (shardid)
        WHERE logicalrelid = 'public.products'::regclass AND groupid = node
        ORDER BY shardid
    LOOP
{body}
        of_shards := of_shards || answer;
    END LOOP;
    answers := array_to_json(of_shards);
END
$body$
"""

NOT_PASSED_ON: Final = "SC001"
"""The code of the error of a function that runs on the coordinator."""

FORMS: Final = (*HELPERS, _CALL_ON_SHARD, _FUNCTION, _RUN, _POLL)


@dataclass(frozen=True, slots=True)
class Step:
    """A statement that a function runs, with its arguments and the name of its result."""

    statement: str
    arguments: Sequence[str]
    into: str = ""


Script = Sequence[str | Step]
"""Lines of PL/pgSQL, with statements among them."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The types of a statement's parameters, and its columns with their types."""

    parameters: Sequence[str]
    columns: Mapping[str, str]


def for_shards(statement: str, tables: Collection[str]) -> str:
    """The statement with a mark such as `<orders>` in place of each of these tables.

    A table without an alias gets its name as its alias, so that qualified columns still work.
    """
    named = re.compile(
        rf"\b(FROM|JOIN|INTO|UPDATE|USING)\s+({'|'.join(sorted(tables))})\b(?!\s*\.)(\s+AS\s+\w+)?"
    )
    return named.sub(
        lambda found: f"{found[1]} <{found[2]}>{found[3] or f' AS {found[2]}'}",
        statement.replace(_CALL, _CALL_ON_SHARD),
    )


def run(step: Step, name: str, types: Sequence[str], tables: Collection[str]) -> str:
    """The lines that run a step; `name` is that of the prepared statement."""
    return _RUN.format(
        name=name,
        types=f"({', '.join(types)})" if types else "",
        statement=for_shards(step.statement, tables),
        places=f"({', '.join(['%L'] * len(types))})" if types else "",
        arguments="".join(f", {argument}" for argument in step.arguments),
        into=f" INTO {step.into}" if step.into else "",
    )


def function(name: str, signature: Signature, body: str, *, writes: bool) -> str:
    """The statement that creates a function; its first parameter is the merchant."""
    columns = [f"OUT {quoted(column)} {type_}" for column, type_ in signature.columns.items()]
    return _FUNCTION.format(
        name=name,
        parameters=", ".join([*signature.parameters, *columns]),
        writes="true" if writes else "false",
        body=body,
    )


def poll(name: str, types: Sequence[str], body: str) -> str:
    """The statement that creates a function which reads all shards of a node."""
    parameters = "".join(f", {type_}" for type_ in types)
    return _POLL.format(name=name, parameters=parameters, body=body)


def quoted(column: str) -> str:
    """The column's name as an identifier."""
    return '"' + column.replace('"', '""') + '"'
