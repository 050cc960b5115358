"""The schema as data: complete, explained, and what the files and relations of the design are."""

import pyarrow.parquet as pq
import pytest

from warehouse.columns import Table, sql_type
from warehouse.schema import FILES, MACROS, RELATIONS, RESULTS, SEGMENT_FILES, data_model_markdown
from warehouse.store import Store
from warehouse.sweep_tables import SWEEP_FILES

#: Design, section 5: the columns at least.
CONTRACT = {
    "runs": "run name language geometry programs program_length seed mutation_rate mutation_order epochs status"
    " retention",
    "epochs": "run epoch operations steps reactions empty_reactions changed_cells mutations unique_origins"
    " unique_tokens top32_share zero_share shannon_entropy brotli_size bits_per_byte complexity",
    "reactions": "run epoch left_program right_program mechanism steps operations",
    "mechanisms": "run mechanism writes",
    "mutations": "run epoch program site char",
    "copies": "run epoch program site from_program from_site delta kind",
    "tokens": "run epoch program site token born_epoch born_program born_site char",
    "tokens_at": "program site token born_epoch born_program born_site char",
    "programs_at": "program bytes text x y species",
    "species_at": "species abundance share variants program text",
    "species": "run epoch rank species abundance share variants program text",
    "diversity": "run epoch program_richness program_shannon program_simpson species_richness species_shannon"
    " species_simpson",
    "species_lives": "run species seen_epoch peak_epoch peak_abundance last_epoch extinct_epoch born_epoch"
    " born_program left_program right_program left_bytes right_bytes",
    "families": "run epoch rank family abundance share species",
    "succession": "run rank epoch last_epoch family replaced_family",
    "parasites": "run epoch program text copies host_program host_text copied meetings copied_alone meetings_alone",
    "scores_at": "program score",
    "pairings": "left_program right_program",
    "lineage": "epoch program site char event from_program from_site delta",
    "descendants": "epoch program site char event by from_program from_site delta",
    "descendant_counts": "epoch descendants programs reached_programs copied crossed incremented lost",
    "ancestry": "site char born_epoch born_program born_site birth joined_epoch joined_program copied incremented",
    "parents": "epoch program from_program cells weight",
    "contributors": "epoch program cells weight",
    "transitions": "run rank epoch ended_epoch kind peak_complexity",
    "founders": "run onset_epoch rank census_epoch program epoch share assembled_epoch assembled_program left_program"
    " right_program made_epoch score text",
    "replicators": "run epoch program score text copies",
    "distillations": "run epoch program origin text score essential working core sanitised_text description fidelity",
    "resets": "run epoch reset_index programs",
    "trends": "run epoch sample replicators replicating_share turnover",
    "phases": "run rank phase first_epoch last_epoch",
    "founder_shares": "run onset_epoch rank epoch program share",
    "founder_censuses": "run onset_epoch rank census_epoch program epoch share relation agrees",
    "founder_confidence": "run onset_epoch rank share rival_program rival_epoch rival_share agreement verdict",
    "emergence": "run onset_epoch rank act number epoch left_program right_program",
    "sweeps": "sweep planned done running failed onsets definition",
    "sweep_runs": "sweep condition run seed grid planned_epochs epochs status done ended_by onset_epoch error",
    "survival": "condition epoch at_risk onsets censored survival low high",
    "onset_shares": "condition after_epoch until_epoch runs onsets share low high",
    "fan": "condition epoch runs p05 p25 p50 p75 p95",
    "paper_shares": "paper condition counts after_epoch until_epoch share low high runs programs",
    "sweep_comparisons": "sweep paper condition paper_share runs found share low high programs agrees",
    "spawn_rates": "run onset_epoch rank role epoch program score side trials spawned rate low high",
}


TABLES = {f"file-{name}": table for name, table in FILES.items()} | dict(RELATIONS)


def test_every_relation_of_the_design_has_its_columns() -> None:
    for name, columns in CONTRACT.items():
        assert set(columns.split()) <= set(RELATIONS[name].names), name


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_every_column_is_explained(table: Table) -> None:
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)
    for column in table.columns:
        assert column.meaning
        assert sql_type(column)
        assert column.nullable <= ("null" in column.meaning), f"{column.name} does not say when it is null"


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(KeyError, match="runs has no column 'colour'"):
        RELATIONS["runs"].column("colour")


def test_files_of_a_store_have_the_schemas_columns(store: Store, run: str) -> None:
    files = store.files(run)
    found = {name: segment.file(name) for segment in files.segments for name in SEGMENT_FILES}
    assert files.compact is not None
    found |= {"runs": files.folder / "runs.parquet", "measures": files.measures[0].path, "compact": files.compact.path}
    for name, path in found.items():
        assert pq.read_schema(path).remove_metadata() == FILES[name].schema, name
    of_sweeps = {table.name for table in SWEEP_FILES}
    assert set(found) | set(RESULTS) | of_sweeps == set(FILES)


def test_the_data_model_tells_all_of_it() -> None:
    text = data_model_markdown()
    for table in RELATIONS.values():
        assert f"`{table.name}" in text
        for column in table.columns:
            assert f"| `{column.name}` | {sql_type(column)} |" in text
    for macro in MACROS:
        assert macro in text
    assert "STRUCT(target INTEGER, source INTEGER, delta INTEGER)[]" in text
