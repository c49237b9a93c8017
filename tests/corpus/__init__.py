"""One corpus of valid and invalid objects, judged by pydantic and by a real API server.

A file has cases of one kind and one topic, keyed by sentences: `valid` and `invalid`. A case says how it differs from the
kind's short form: `set` puts values at dotted paths (numbers are positions in lists), `remove` takes paths away. An invalid
case names the `field`, what our own message `says` of it, and, where the API server speaks in words of its own, what the
`server` says, and the word that `names` the field there. Where server-side apply judges otherwise than creation does (a
quirk of the API server), the case says whether the object is `applied`. `{float: 2}` is 2.0, which YAML read by kubectl turns into 2;
`{repeat: x, times: 3}` stands for a long text, `{entries: {name: "a#"}, times: 3}` for a long list, with # counted.
"""
