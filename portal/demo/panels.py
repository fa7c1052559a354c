"""What a laboratory measures: panels of values with units and ranges, from plain numbers.

Codes are LOINC (http://loinc.org, copyright Regenstrief Institute, Inc., free of charge under
the licence at http://loinc.org/license).
"""

from __future__ import annotations

from portal.demo.hl7 import Value

_CBC = (
    ("6690-2", "Leukocytes", "10*3/uL", 4.0, 11.0),
    ("789-8", "Erythrocytes", "10*6/uL", 3.9, 5.7),
    ("718-7", "Hemoglobin", "g/dL", 12.0, 17.0),
    ("4544-3", "Hematocrit", "%", 36.0, 50.0),
    ("787-2", "MCV", "fL", 80.0, 100.0),
    ("777-3", "Platelets", "10*3/uL", 150.0, 400.0),
)
_BMP = (
    ("2951-2", "Sodium", "mmol/L", 135.0, 145.0),
    ("2823-3", "Potassium", "mmol/L", 3.5, 5.1),
    ("2075-0", "Chloride", "mmol/L", 98.0, 107.0),
    ("2028-9", "Carbon dioxide", "mmol/L", 22.0, 29.0),
    ("3094-0", "Urea nitrogen", "mg/dL", 7.0, 20.0),
    ("2160-0", "Creatinine", "mg/dL", 0.5, 1.2),
    ("2345-7", "Glucose", "mg/dL", 70.0, 99.0),
    ("17861-6", "Calcium", "mg/dL", 8.6, 10.3),
)
_LIPID = (
    ("2093-3", "Cholesterol", "mg/dL", None, 200.0),
    ("2571-8", "Triglycerides", "mg/dL", None, 150.0),
    ("2085-9", "HDL cholesterol", "mg/dL", 40.0, None),
    ("13457-7", "LDL cholesterol (calculated)", "mg/dL", None, 130.0),
)
_HEPATIC = (
    ("1742-6", "Alanine aminotransferase", "U/L", 7.0, 56.0),
    ("1920-8", "Aspartate aminotransferase", "U/L", 10.0, 40.0),
    ("6768-6", "Alkaline phosphatase", "U/L", 40.0, 129.0),
    ("1975-2", "Bilirubin, total", "mg/dL", 0.1, 1.2),
    ("1751-7", "Albumin", "g/dL", 3.5, 5.0),
    ("2885-2", "Protein, total", "g/dL", 6.0, 8.3),
)

_Row = tuple[str, str, str, float | None, float | None]


def number(
    code: str, text: str, value: float, unit: str, low: float | None, high: float | None
) -> Value:
    """A numeric value; the flag follows from the range."""
    flag = "L" if low is not None and value < low else "H" if high and value > high else ""
    return Value(code, text, f"{value:g}", unit, _range(low, high), flag)


def words(code: str, text: str, value: str, system: str = "LN", flag: str = "") -> Value:
    """A value in words."""
    return Value(code, text, value, kind="TX", system=system, flag=flag)


def cbc(*values: float) -> tuple[Value, ...]:
    """White cells, red cells, hemoglobin, hematocrit, MCV, platelets."""
    return _panel(_CBC, values)


def bmp(*values: float) -> tuple[Value, ...]:
    """Sodium, potassium, chloride, CO2, urea nitrogen, creatinine, glucose, calcium."""
    return _panel(_BMP, values)


def lipid(*values: float) -> tuple[Value, ...]:
    """Cholesterol, triglycerides, HDL, LDL."""
    return _panel(_LIPID, values)


def hepatic(*values: float) -> tuple[Value, ...]:
    """ALT, AST, alkaline phosphatase, bilirubin, albumin, protein: liver, and not a virus."""
    return _panel(_HEPATIC, values)


def a1c(percent: float) -> tuple[Value, ...]:
    """Hemoglobin A1c."""
    return (number("4548-4", "Hemoglobin A1c", percent, "%", 4.0, 5.6),)


def tsh(value: float) -> tuple[Value, ...]:
    """Thyroid-stimulating hormone."""
    return (number("3016-3", "Thyrotropin (TSH)", value, "mIU/L", 0.4, 4.5),)


def _panel(rows: tuple[_Row, ...], values: tuple[float, ...]) -> tuple[Value, ...]:
    pairs = zip(rows, values, strict=True)
    return tuple(
        number(code, text, value, unit, low, high) for (code, text, unit, low, high), value in pairs
    )


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"<{high:g}" if high is not None else ""
    return f"{low:g}-{high:g}" if high is not None else f">={low:g}"
