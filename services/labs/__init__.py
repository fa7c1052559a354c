"""labs: results, their verification by a provider, and the gates to what a patient may see."""
