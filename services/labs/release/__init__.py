"""The release gates: pure rules that say what of a report a patient may see (R20, R22-R31, R54)."""
