//! What goes to a receiving session: a receipt, or a part of a text that a phone sent. Pure.

use std::sync::Arc;

use whimbrel_smpp::{Body, ShortMessage};

use crate::phones::texts::TextRecord;
use crate::receipt::Receipt;
use crate::receipts::{Parcel, Preferred};

/// Something that a session sends and the client acknowledges.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// News of a message.
    Receipt(Receipt),
    /// A phone's text, or a part of it.
    Text(Box<TextPart>),
}

/// One part of a text on its way from a phone.
#[derive(Debug, Clone)]
pub struct TextPart {
    /// Whom it goes to; anybody if `None`.
    pub owner: Option<Arc<[u8]>>,
    /// The part as it travels.
    pub message: ShortMessage,
    /// What became of its text.
    pub record: Arc<TextRecord>,
    /// How often a receiver has refused it for good.
    pub refused: u8,
}

impl From<Receipt> for Delivery {
    fn from(receipt: Receipt) -> Self {
        Self::Receipt(receipt)
    }
}

impl Delivery {
    /// What is sent.
    pub fn to_body(&self) -> Body {
        match self {
            Self::Receipt(receipt) => receipt.to_body(),
            Self::Text(part) => Body::DeliverSm(Box::new(part.message.clone())),
        }
    }

    /// How it is named in the journal: a receipt by the id of its message, a text by its own.
    pub fn id(&self) -> String {
        match self {
            Self::Receipt(receipt) => receipt.origin.response_id(),
            Self::Text(part) => part.record.id().to_string(),
        }
    }

    /// How often it has been refused for good.
    pub fn refused_mut(&mut self) -> &mut u8 {
        match self {
            Self::Receipt(receipt) => &mut receipt.refused,
            Self::Text(part) => &mut part.refused,
        }
    }
}

impl Parcel for Delivery {
    fn owner(&self) -> Option<&Arc<[u8]>> {
        match self {
            Self::Receipt(receipt) => receipt.owner(),
            Self::Text(part) => part.owner.as_ref(),
        }
    }

    fn preferred(&self) -> Preferred {
        match self {
            Self::Receipt(receipt) => receipt.preferred(),
            Self::Text(_) => Preferred::Any,
        }
    }
}
