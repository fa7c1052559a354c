"""Which test is which: numbers, classes and above all names, with their false friends (R22-R31)."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.labs.release.loinc import is_loinc
from services.labs.shapes import Code
from tests.unit.labs.making import POLICY, local, verdict

SHARED = Path(os.environ.get("PORTAL_SHARED", Path(__file__).parents[4] / "shared"))

OWN = {
    "GENETIC": "genetics",
    "HEP_A": "hepatitis",
    "HEP_B": "hepatitis",
    "HEP_C": "hepatitis",
    "HEP_D": "hepatitis",
    "HEP_E": "hepatitis",
    "HEP_PANEL": "hepatitis",
    "HIV": "hiv",
    "HTLV": "htlv",
    "MARROW": "marrow",
    "PAP": "pap",
    "RADIOLOGY": "radiology",
    "TISSUE": "tissue",
    "TOX": "toxicology",
}
HIDDEN = [
    ("HIV 1/2 ANTIGEN/ANTIBODY,FOURTH GENERATION W/RFL", "hiv"),
    ("HIV RNA, quantitative PCR", "hiv"),
    ("HIVAB", "hiv"),
    ("VIH 1 anticuerpos", "hiv"),
    ("Human Immunodeficiency Virus Ab", "hiv"),
    ("HTVL I/II Antibody", "htlv"),
    ("HTLV-I/II", "htlv"),
    ("HTLV1AB", "htlv"),
    ("Hep C Virus Ab", "hepatitis"),
    ("ACUTE HEPATITIS PANEL", "hepatitis"),
    ("HBsAg Screen", "hepatitis"),
    ("HBeAb", "hepatitis"),
    ("HEP B CORE AB, TOT", "hepatitis"),
    ("Hepatitis B surface antibody and antigen", "hepatitis"),
    ("HCV RNA QN", "hepatitis"),
    ("HCVAB", "hepatitis"),
    ("Hep A IgM", "hepatitis"),
    ("Anti-HCV", "hepatitis"),
    ("Hepatitis Delta Ab", "hepatitis"),
    ("DRUG SCREEN URINE - TOXICOLOGY", "toxicology"),
    ("UDS 10 panel", "toxicology"),
    ("Ethanol, serum", "toxicology"),
    ("Alcohol, Ethyl (B)", "toxicology"),
    ("PCP screen, urine", "toxicology"),
    ("Tox screen", "toxicology"),
    ("THC metabolite", "toxicology"),
    ("SURGICAL PATHOLOGY REPORT", "tissue"),
    ("Skin biopsy, left arm", "tissue"),
    ("FNA thyroid", "tissue"),
    ("Histology", "tissue"),
    ("GYN CYTOLOGY REPORT", "pap"),
    ("PAP IG, rfx HPV", "pap"),
    ("IGP, Aptima HPV", "pap"),
    ("ThinPrep Pap", "pap"),
    ("SurePath cervical", "pap"),
    ("Products of conception exam", "conception"),
    ("POC chromosome analysis", "conception"),
    ("Bone Marrow Aspirate", "marrow"),
    ("BMA differential", "marrow"),
    ("Factor V Leiden (R506Q) Mutation, B", "genetics"),
    ("FISH, interphase", "genetics"),
    ("Karyotype, blood", "genetics"),
    ("HLA-B27", "genetics"),
    ("MTHFR", "genetics"),
    ("CYP2C19 genotype", "genetics"),
    ("Cell-free fetal DNA", "genetics"),
    ("MRI Ankle Lt", "radiology"),
    ("CT PELVIS (LIMITED)", "radiology"),
    ("X-RAY ANKLE 3+ VW", "radiology"),
    ("ECHO CARDIOGRAM COMPLETE", "radiology"),
    ("DEXA bone density", "radiology"),
    ("US abdomen", "radiology"),
    ("LBP with HPV", "pap"),
    ("Nitrite adulterant", "toxicology"),
    ("Specimen validity testing", "toxicology"),
    ("Lithium overdose", "toxicology"),
    ("Reticulin stain", "marrow"),
    ("Immunoglobulin heavy chain rearrangement", "genetics"),
    ("Hemoglobin variant DNA", "genetics"),
    ("Sickle cell DNA", "genetics"),
    ("Thyroid US", "radiology"),
    ("Coronary calcium scoring", "radiology"),
]

SHOWN = [
    "Hgb S",
    "HbS quantitation",
    "HbE",
    "Hemoglobin electrophoresis",
    "Hepatic function panel",
    "HEPATIC FUNCTION PANEL (7)",
    "Heparin anti-Xa",
    "Hepcidin",
    "Autoimmune hepatitis panel",
    "Hepatitis B surface antibody, quant",
    "HEPATITIS B SURF AB",
    "HBsAb",
    "Anti-HBs",
    "Glucose, POC",
    "POC Glucose",
    "Prostatic Acid Phosphatase (PAP)",
    "PAP (prostatic acid phosphatase)",
    "Fish IgE",
    "Codfish IgE",
    "Fish (f3) IgE",
    "C. difficile toxin A/B",
    "Shiga toxin",
    "Toxoplasma IgG",
    "Placental alkaline phosphatase",
    "Tissue transglutaminase IgA",
    "Codeine IgE",
    "Drug Abuse Screening Test-10 [DAST-10]",
    "AUDIT-C",
    "CT/NG NAA, urine",
    "SARS-CoV-2 N gene, respiratory",
    "Lithium level",
    "Digoxin",
    "Tacrolimus, blood",
    "HPV genotype 16/18",
    "Urine culture",
    "LIPID",
    "Sodium",
    "Thyroid stimulating hormone (TSH)",
    "eGFR",
    "Creatinine-Random Urine",
    "Lymph node culture",
    "Lymphocytes",
    "Coronary risk lipid panel",
    "Hemoglobin S",
    "Anti-dsDNA",
]

UNKNOWN = [
    "Lymph node excision",
    "TISSUE CULTURE-AMNIOTIC FLUID",
    "Zyx panel 7",
    "MANKL",
    "PCP",
    "Western blot",
    "",
    "?",
]


@pytest.mark.rule("R22", "R23", "R24", "R25", "R26", "R27", "R28", "R29", "R31")
@pytest.mark.parametrize(("name", "category"), HIDDEN)
def test_a_local_name_of_a_blocked_test_blocks(name: str, category: str) -> None:
    assert verdict(local(name)) == ("block", category)


@pytest.mark.rule("R22", "R23", "R24", "R26", "R29", "R30")
@pytest.mark.parametrize("name", SHOWN)
def test_a_false_friend_stays_visible(name: str) -> None:
    assert verdict(local(name))[0] == "release"


@pytest.mark.rule("R30", "S5")
@pytest.mark.parametrize("name", UNKNOWN)
def test_a_name_that_nobody_knows_is_held(name: str) -> None:
    assert verdict(local(name))[0] == "hold"


@pytest.mark.rule("R23", "R24", "R25", "R28")
@pytest.mark.parametrize(
    "number", ["24325-3", "1742-6", "1920-8", "9795-6", "19126-2", "21026-0", "14334-7", "22322-2"]
)
def test_numbers_that_must_stay_visible_do(number: str) -> None:
    assert verdict(Code("loinc", number, ""))[0] == "release"


@pytest.mark.rule("R28")
def test_a_marrow_culture_is_visible_although_its_specimen_is_marrow() -> None:
    name = "Bacteria identified in Bone marrow by Aerobe culture"
    assert verdict(Code("loinc", "19126-2", name), specimen="MAR")[0] == "release"


@pytest.mark.rule("R22", "R23", "R24", "R25", "R26", "R28", "R29", "R30")
def test_every_number_of_the_starting_list_that_blocks_by_default_blocks() -> None:
    path = SHARED / "data" / "sensitive_loinc.csv"
    if not path.exists():
        print(f"nothing checked: there is no {path}")
        return
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["default"] == "block"]
    wrong = [r["loinc"] for r in rows if OWN[r["category"]] not in categories(r["loinc"])]
    by_number = [r["loinc"] for r in rows if verdict(Code("loinc", r["loinc"], ""))[0] != "block"]
    by_name = [r["name"] for r in rows if verdict(local(r["name"]))[0] == "release"]
    assert (wrong, by_number, by_name) == ([], [], [])


def categories(number: str) -> set[str]:
    """Every category that the number by itself falls in."""
    return {hit.category.name for hit in POLICY.code_hits(Code("loinc", number, ""))}


@pytest.mark.rule("R22", "R23")
def test_a_number_of_several_categories_is_in_each_of_them() -> None:
    assert categories("88453-6") == {"hiv", "hepatitis"}


@pytest.mark.rule("R22")
def test_a_blocked_name_blocks_although_its_number_is_of_an_ordinary_test() -> None:
    assert verdict(Code("loinc", "20507-0", "HIV 1/2 Antibody")) == ("block", "hiv")


@pytest.mark.rule("R22")
def test_a_foreign_number_labelled_loinc_is_told_by_its_name() -> None:
    assert verdict(Code("loinc", "1040" + "A" * 32, "HIV RAPID TEST")) == ("block", "hiv")


@pytest.mark.rule("R31")
def test_a_local_code_that_looks_like_imaging_is_not_read_as_such() -> None:
    assert verdict(Code("WinPath", "us-0001", "LIPID")) == ("release", "")


@pytest.mark.rule("S5")
def test_a_number_with_a_wrong_check_digit_is_no_number() -> None:
    assert is_loinc("718-7")
    assert not is_loinc("718-8")
    assert verdict(Code("loinc", "718-8", ""))[0] == "hold"


@pytest.mark.rule("S5")
def test_a_well_formed_number_that_is_on_no_list_is_held() -> None:
    assert verdict(Code("loinc", "99999-1", ""))[0] == "hold"


STRONG = st.sampled_from(["HIV 1 Ab", "HTVL Ab", "HBsAg", "Hep C Ab", "cocaine", "karyotype"])
ODD = st.text(alphabet=" -_,;:()/0123456789", max_size=6)


@pytest.mark.rule("R22", "R23", "R24", "R29", "R30")
@given(strong=STRONG, left=ODD, right=ODD, upper=st.booleans())
def test_punctuation_spaces_and_case_do_not_open_a_gate(
    strong: str, left: str, right: str, upper: bool
) -> None:
    name = f"{left} {strong.upper() if upper else strong} {right}"
    assert POLICY.code_hits(local(name))


@pytest.mark.rule("R30")
@given(
    strong=STRONG,
    friend=st.sampled_from(SHOWN),
    first=st.booleans(),
    between=st.sampled_from(["; ", " + ", ";"]),
)
def test_a_false_friend_beside_a_blocked_name_does_not_excuse_it(
    strong: str, friend: str, first: bool, between: str
) -> None:
    name = between.join((strong, friend) if first else (friend, strong))
    assert verdict(local(name))[0] == "block"
