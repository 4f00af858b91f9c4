//! JSON web tokens: RS256 for applications that call, HS256 for webhooks, with `payload_hash`.
