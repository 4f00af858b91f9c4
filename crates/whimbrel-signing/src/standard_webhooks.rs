//! Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
