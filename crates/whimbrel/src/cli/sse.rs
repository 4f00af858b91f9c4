//! Server-sent events (WHATWG HTML, "Server-sent events"), as octets arrive. Pure.

/// Octets of one line; longer ones end the stream.
const LINE_BYTES_MAX: usize = 1 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Event {
    /// Its kind; `message` if the server gave none.
    pub(super) kind: String,
    /// Its data, lines joined.
    pub(super) data: String,
}

/// Reads events out of pieces of a stream, wherever the pieces end.
#[derive(Debug, Default)]
pub(super) struct Reader {
    line: Vec<u8>,
    after_return: bool,
    kind: String,
    data: Option<String>,
    id: Option<String>,
    /// The id of the last whole event: where to go on after the connection was lost.
    pub(super) last_id: Option<String>,
}

/// A line is longer than anything a server of ours sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Reader {
    /// Takes a piece and gives the events that it completes.
    pub(super) fn read(&mut self, piece: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for octet in piece {
            match octet {
                // A line feed after a carriage return belongs to it.
                b'\n' if self.after_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                octet if self.line.len() < LINE_BYTES_MAX => self.line.push(*octet),
                _ => return Err(TooLong),
            }
            self.after_return = *octet == b'\r';
        }
        Ok(events)
    }

    /// What is incomplete when a connection is lost belongs to nothing.
    pub(super) fn forget_half(&mut self) {
        let last_id = self.last_id.take();
        *self = Self { last_id, ..Self::default() };
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        if line.is_empty() {
            self.last_id = self.id.take().or_else(|| self.last_id.take());
            let kind = std::mem::take(&mut self.kind);
            let kind = if kind.is_empty() { "message".to_owned() } else { kind };
            return self.data.take().map(|data| Event { kind, data });
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.kind = value.to_owned(),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "data" => match &mut self.data {
                Some(data) if data.len() < LINE_BYTES_MAX => {
                    data.push('\n');
                    data.push_str(value);
                }
                Some(_) => {}
                data => *data = Some(value.to_owned()),
            },
            // Comments have an empty name; `retry` is the server's wish, ours is fixed.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "retry: 1000\n\nevent: part.delivered\nid: 7\ndata: {\"at\":\"x\"}\n\n: nothing happened\n\n\
                          data:one\r\ndata: two\r\n\r\nevent: lonely\n\nid: 8\ndata\n\n";

    fn events() -> Vec<Event> {
        let event = |kind: &str, data: &str| Event { kind: kind.to_owned(), data: data.to_owned() };
        vec![event("part.delivered", "{\"at\":\"x\"}"), event("message", "one\ntwo"), event("message", "")]
    }

    #[test]
    fn events_are_read_wherever_the_pieces_end() {
        for size in 1..=STREAM.len() {
            let mut reader = Reader::default();
            let read = STREAM.as_bytes().chunks(size).flat_map(|piece| reader.read(piece).unwrap());
            assert_eq!(read.collect::<Vec<_>>(), events(), "pieces of {size}");
            assert_eq!(reader.last_id.as_deref(), Some("8"));
        }
    }

    #[test]
    fn half_an_event_is_forgotten_but_not_where_to_go_on() {
        let mut reader = Reader::default();
        assert_eq!(reader.read(b"id: 3\ndata: a\n\nid: 4\nevent: half\ndata: lost").unwrap().len(), 1);
        reader.forget_half();
        assert_eq!(reader.last_id.as_deref(), Some("3"), "the fourth was not whole");
        let event = reader.read(b"data: whole\n\n").unwrap().remove(0);
        assert_eq!((event.kind.as_str(), event.data.as_str()), ("message", "whole"));
    }

    #[test]
    fn an_endless_line_ends_the_stream() {
        let mut reader = Reader::default();
        assert_eq!(reader.read(&vec![b'x'; LINE_BYTES_MAX]), Ok(Vec::new()));
        assert_eq!(reader.read(b"x"), Err(TooLong));
    }
}
