//! OAuth 1.0a (RFC 5849 §2): how a consumer gets a token by which it calls on behalf of an account.

use crate::secret::Secret;

/// A step on the way to a token.
#[derive(Clone, PartialEq, Eq)]
pub enum OauthCall {
    /// A consumer asks for a request token.
    Request {
        /// The consumer's key.
        consumer: Box<str>,
        /// Where the person goes after the grant.
        callback: GrantCallback,
    },
    /// A person looks at what is asked. Nobody has to prove anything for that.
    Look {
        /// The request token.
        token: Box<str>,
    },
    /// The account that calls grants what is asked.
    Grant {
        /// The request token.
        token: Box<str>,
    },
    /// A consumer exchanges a granted request token for an access token.
    Exchange {
        /// The consumer's key.
        consumer: Box<str>,
        /// The request token.
        token: Box<str>,
        /// What the grant gave.
        verifier: Secret,
    },
}

/// Tokens are not shown: whoever knows one is half-way to what it stands for.
impl std::fmt::Debug for OauthCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Request { .. } => "Request",
            Self::Look { .. } => "Look",
            Self::Grant { .. } => "Grant",
            Self::Exchange { .. } => "Exchange",
        })
    }
}

/// Where a person goes after the grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantCallback {
    /// Nowhere: the person carries the verifier over.
    OutOfBand,
    /// There, with the verifier.
    Url(Box<str>),
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OauthOutcome {
    /// A token with its secret: a request token or an access token.
    Token {
        /// The token.
        token: Box<str>,
        /// Its secret; nowhere else to be had.
        secret: Secret,
        /// Which of the two it is.
        kind: TokenKind,
    },
    /// What a person is asked.
    Asked {
        /// The request token.
        token: Box<str>,
        /// The consumer's name.
        consumer: Box<str>,
        /// Where the person goes after the grant.
        callback: GrantCallback,
        /// What the page carries so that only its own form is taken: of chance, and nowhere else.
        mark: Secret,
    },
    /// It was granted.
    Granted {
        /// The request token.
        token: Box<str>,
        /// What proves the grant.
        verifier: Secret,
        /// Where the person goes now.
        callback: GrantCallback,
    },
    /// The token is unknown, its time is over, it was granted already or not yet, or the verifier is wrong.
    TokenRejected,
    /// There are as many request tokens, or grants of the account, as there may be.
    TooMany,
}

/// Which token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// To be granted within minutes.
    Request,
    /// Good until it is revoked.
    Access,
}
