"""FHIR R4 bundles: validation and translation. Pure; the models are imported on first use."""
