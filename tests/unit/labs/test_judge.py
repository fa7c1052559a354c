"""The content gates of a whole report: granularity, notes, companions, holding (R22-R31, S5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.labs.decider.shown import shown
from services.labs.events.report import ReportPosted, ReportVerified
from services.labs.release.orderer import Ordered
from services.labs.shapes import Code
from tests.unit.labs.making import (
    HIV,
    METABOLIC,
    NA,
    NOW,
    SODIUM,
    K,
    local,
    posted,
    ruling,
    value,
    verdict,
)

EXTERNAL = Ordered("external", "dr-out", "Bo Out", "not affiliated when ordered")
UNKNOWN = Ordered("unknown")


@pytest.mark.rule("R30")
def test_of_a_mixed_panel_only_the_member_is_hidden() -> None:
    found = ruling(posted(NA, value("hiv", HIV, "Negative"), K))
    assert [v.ruling.verdict for v in found.values] == ["release", "block", "release"]
    assert found.order.verdict == "release"
    assert found.reasons == ()


@pytest.mark.rule("R30")
def test_a_note_on_a_report_with_a_hidden_member_is_hidden() -> None:
    assert ruling(posted(NA, value("h", HIV), note="Confirmed by reflex.")).hide_note
    assert not ruling(posted(NA, note="Slightly hemolyzed.")).hide_note


@pytest.mark.rule("R30")
def test_a_comment_that_names_a_blocked_category_is_hidden() -> None:
    told = value("na", NA.codes[0], note="See HIV 1/2 result of today.")
    found = ruling(posted(told, K))
    assert found.values[0].hide_note
    assert found.values[0].ruling.verdict == "release"
    assert ruling(posted(NA, note="Reflex to hepatitis C RNA")).hide_note


@pytest.mark.rule("R30")
def test_a_narrative_value_that_names_a_blocked_category_blocks_its_value() -> None:
    said = value("c", local("COMMENT"), "HCV antibody reactive")
    assert ruling(posted(NA, said)).ruling("c").category == "hepatitis"


@pytest.mark.rule("R25", "R26", "R29", "R24", "R31")
@pytest.mark.parametrize(
    ("section", "category"),
    [
        ("SP", "tissue"),
        ("CP", "tissue"),
        ("CG", "genetics"),
        ("GE", "genetics"),
        ("TX", "toxicology"),
        ("RAD", "radiology"),
        ("CUS", "radiology"),
    ],
)
def test_the_section_of_the_order_blocks_all_of_it(section: str, category: str) -> None:
    found = ruling(posted(NA, section=section))
    assert (found.order.verdict, found.order.category) == ("block", category)
    assert {v.ruling.verdict for v in found.values} == {"block"}


@pytest.mark.rule("R20")
def test_the_section_outside_lab_says_nothing_of_the_orderer() -> None:
    assert ruling(posted(section="OSL")).order.verdict == "release"


@pytest.mark.rule("R24", "R25", "R26", "R27", "R28", "R29")
@pytest.mark.parametrize(
    ("specimen", "category"),
    [
        ("SKN", "tissue"),
        ("TISS", "tissue"),
        ("MAR", "marrow"),
        ("PLC", "conception"),
        ("AMN", "genetics"),
        ("CVX", "pap"),
        ("MEC", "toxicology"),
        ("Cervical Sample LBC", "pap"),
    ],
)
def test_the_specimen_blocks(specimen: str, category: str) -> None:
    assert verdict(local("Examination"), specimen=specimen) == ("block", category)


@pytest.mark.rule("R25")
def test_a_wound_culture_from_tissue_is_microbiology() -> None:
    assert verdict(local("WOUND BACTERIAL CULTURE"), specimen="TISS")[0] == "release"


@pytest.mark.rule("R26")
def test_hpv_is_hidden_within_a_pap_order_and_shown_alone() -> None:
    hpv = Code("loinc", "21440-3", "HPV DNA")
    assert verdict(hpv)[0] == "release"
    pap = value("pap", Code("loinc", "10524-7", "Cytology"), "NILM")
    found = ruling(posted(pap, value("hpv", hpv, "Not detected"), codes=(local("CBC"),)))
    assert {v.ruling.verdict for v in found.values} == {"block"}
    assert verdict(local("PAP IG, HPV reflex")) == ("block", "pap")


@pytest.mark.rule("R31")
def test_imaging_is_hidden_unless_the_practice_releases_its_type() -> None:
    scan = posted(value("i", local("Impression"), "Normal"), codes=(local("DEXA hip"),))
    assert ruling(scan).order.category == "radiology"
    assert ruling(scan, imaging=("DEXA",)).ruling("i").verdict == "release"
    assert ruling(scan, imaging=("mammogram",)).ruling("i").verdict == "block"
    assert ruling(scan, imaging=("DEXA",)).radiology


@pytest.mark.rule("R20")
def test_an_external_order_is_hidden_whole_and_needs_nobody() -> None:
    found = ruling(posted(), ordered=EXTERNAL)
    assert (found.order.verdict, found.order.category) == ("block", "external")
    assert found.reasons == ()


@pytest.mark.rule("R20", "S5")
def test_an_unknown_orderer_holds_the_report() -> None:
    found = ruling(posted(), ordered=UNKNOWN)
    assert found.order.verdict == "hold"
    assert {v.ruling.verdict for v in found.values} == {"hold"}
    assert found.reasons == ("orderer",)


@pytest.mark.rule("R30", "S5")
def test_an_unknown_member_is_held_and_named_and_the_rest_is_not() -> None:
    odd = local("Zyx factor")
    found = ruling(posted(NA, value("z", odd)))
    assert [v.ruling.verdict for v in found.values] == ["release", "hold"]
    assert (found.reasons, found.unknown) == (("code",), (odd,))


@pytest.mark.rule("S5")
def test_a_mapped_code_is_known_or_blocked_as_staff_said() -> None:
    odd = local("Zyx factor", "ZYX")
    version = posted(NA, value("z", odd))
    assert ruling(version, mapped={"lab|L|ZYX": "none"}).ruling("z").verdict == "release"
    assert ruling(version, mapped={"lab|L|ZYX": "genetics"}).ruling("z").category == "genetics"
    assert ruling(version, mapped={"other|L|ZYX": "none"}).ruling("z").verdict == "hold"


@pytest.mark.rule("R30", "S5")
def test_a_mapping_does_not_open_what_the_name_blocks() -> None:
    version = posted(value("h", local("HIV screen", "H1")))
    assert ruling(version, mapped={"lab|L|H1": "none"}).ruling("h").category == "hiv"


@pytest.mark.rule("S5")
def test_a_comment_is_known_only_inside_a_known_order() -> None:
    comment = value("c", local("COMMENT"), "fine")
    assert ruling(posted(comment)).ruling("c").verdict == "release"
    assert ruling(posted(comment, codes=(local("Zyx"),))).ruling("c").verdict == "hold"


@pytest.mark.rule("R54", "S5")
def test_without_a_collection_time_the_report_is_held() -> None:
    found = ruling(posted(acquired=None))
    assert (found.order.verdict, found.reasons) == ("hold", ("collection-time",))


@pytest.mark.rule("R30")
def test_every_ruling_names_the_policy_and_what_hit() -> None:
    found = ruling(posted(NA, value("h", HIV)))
    assert found.policy.startswith("2000-01-01.")
    assert found.ruling("h").matcher == "loinc:7918-6"


@pytest.mark.rule("R30")
def test_a_range_that_names_a_blocked_category_blocks_its_value() -> None:
    found = ruling(posted(NA, value("c", local("COMMENT"), "1", range_text="HIV negative")))
    assert found.ruling("c").category == "hiv"
    assert ruling(posted(value("g", local("Glucose"), range_text="Negative"))).order.verdict == (
        "release"
    )


@pytest.mark.rule("R25", "R30")
def test_the_document_of_a_blocked_order_is_hidden_with_it() -> None:
    pdf = value("pdf", local("PDF Report"), "document attached", note="See the attachment.")
    found = ruling(posted(pdf, codes=(local("Surgical pathology report"),)))
    assert (found.ruling("pdf").category, found.hide_note) == ("tissue", True)
    assert ruling(posted(NA, pdf)).ruling("pdf").verdict == "release"


@pytest.mark.rule("R30")
def test_a_code_that_is_corrected_moves_its_value_into_a_category_and_out_of_it() -> None:
    before, after = posted(NA, value("x", SODIUM)), posted(NA, value("x", HIV))
    assert [ruling(v).ruling("x").verdict for v in (before, after)] == ["release", "block"]
    assert [ruling(v).hide_note for v in (before, after)] == [False, True]


@pytest.mark.rule("R22", "R30")
def test_one_blocked_coding_among_several_of_a_value_is_enough() -> None:
    both = replace(value("x", SODIUM), codes=(SODIUM, local("HIV 1/2 Ab", "H1")))
    assert ruling(posted(NA, both)).ruling("x").category == "hiv"
    order = posted(NA, codes=(METABOLIC, local("Toxicology screen", "T1")))
    assert ruling(order).order.category == "toxicology"


@pytest.mark.rule("R26")
@pytest.mark.parametrize("number", ["10524-7", "19762-4", "47527-7"])
def test_hpv_is_hidden_beside_a_pap_value_whichever_comes_first(number: str) -> None:
    hpv = value("hpv", Code("loinc", "21440-3", "HPV DNA"), "Not detected")
    pap = value("pap", Code("loinc", number, ""), "NILM")
    for version in (posted(NA, hpv, pap), posted(NA, pap, hpv)):
        found = ruling(version)
        assert found.ruling("hpv").verdict == "block"
        assert found.ruling("na").verdict == "release"


@pytest.mark.rule("R20", "R22")
def test_a_blocked_order_of_an_external_orderer_keeps_its_own_category() -> None:
    found = ruling(posted(value("h", HIV), codes=(HIV,)), ordered=EXTERNAL)
    assert (found.order.verdict, found.order.category) == ("block", "hiv")


@pytest.mark.rule("R20", "S5")
def test_an_unknown_orderer_does_not_open_or_rename_what_a_category_blocks() -> None:
    found = ruling(posted(NA, value("h", HIV)), ordered=UNKNOWN)
    assert [v.ruling.verdict for v in found.values] == ["hold", "block"]


@pytest.mark.rule("R30")
@pytest.mark.parametrize("codes", [(), (Code("L", "", ""),)])
def test_a_report_without_a_name_is_not_called_by_its_hidden_value(codes: tuple[Code, ...]) -> None:
    version = posted(value("h", HIV, "Negative"), NA, codes=codes)
    seen = shown(version, ruling(version), frozenset({"h", "na"}), signed(version))
    assert seen is not None
    assert (seen.name, [v.name for v in seen.values]) == ("Sodium", ["Sodium"])


@pytest.mark.rule("R19", "R30")
def test_nothing_of_a_hidden_member_is_in_what_the_patient_sees() -> None:
    """No count, no flag, no gap that tells: it is what it would be without the member."""
    hidden = value("h", HIV, "Reactive", flag="abnormal", note="confirmed")
    version, without = posted(NA, hidden, K), posted(NA, K)
    keys = frozenset({"na", "h", "k"})
    seen = shown(version, ruling(version), keys, signed(version))
    assert seen == shown(without, ruling(without), keys, signed(version))


def signed(version: ReportPosted) -> ReportVerified:
    """All of it was reviewed."""
    keys = tuple(o.key for o in version.observations)
    return ReportVerified(
        version.report, version.patient, 1, keys, keys, False, "u-lee", "Ann Lee MD", NOW
    )
