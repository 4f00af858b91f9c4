//! Logs on standard error.

use std::fmt;
use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Human on a terminal, else JSON.
    #[default]
    Auto,
    /// For people; colours on a terminal only.
    Human,
    /// One JSON object a line.
    Json,
}

/// Why logging could not start.
#[derive(Debug)]
pub enum LogError {
    /// The filter cannot be read.
    Filter(tracing_subscriber::filter::ParseError),
    /// Something in this process already logs.
    AlreadyStarted,
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter(error) => write!(f, "cannot read the log filter: {error}; write a level, or target=level,..."),
            Self::AlreadyStarted => f.write_str("logging was already started in this process"),
        }
    }
}

impl std::error::Error for LogError {}

/// Starts logging to standard error for the whole process.
///
/// `filter` is a level (`info`) or a list like `info,whimbrel=debug,hyper=warn`.
///
/// # Errors
/// [`LogError`].
pub fn start_logs(filter: &str, format: LogFormat) -> Result<(), LogError> {
    let is_terminal = io::stderr().is_terminal();
    let subscriber = subscriber(filter, format, is_terminal, io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::AlreadyStarted)
}

/// Checks a filter without starting anything.
///
/// # Errors
/// What is wrong with it.
pub fn check_filter(filter: &str) -> Result<(), tracing_subscriber::filter::ParseError> {
    EnvFilter::builder().parse(filter).map(|_| ())
}

fn subscriber<W>(
    filter: &str,
    format: LogFormat,
    is_terminal: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(filter).map_err(LogError::Filter)?;
    let is_json = match format {
        LogFormat::Auto => !is_terminal,
        LogFormat::Human => false,
        LogFormat::Json => true,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(is_terminal);
    Ok(if is_json {
        Box::new(builder.json().flatten_event(true).with_current_span(false).with_span_list(false).finish())
    } else {
        Box::new(builder.finish())
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, format: LogFormat, is_terminal: bool) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(filter, format, is_terminal, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(carrier = "acme", attempt = 2, "part submitted");
            tracing::debug!("not at this level");
        });
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn json_lines_carry_their_fields() {
        for text in [logged("info", LogFormat::Json, true), logged("info", LogFormat::Auto, false)] {
            assert_eq!(text.lines().count(), 1, "{text}");
            let line: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                (&line["message"], &line["carrier"], &line["attempt"]),
                (&"part submitted".into(), &"acme".into(), &2.into())
            );
            assert_eq!(line["level"], "INFO");
        }
    }

    #[test]
    fn human_lines_are_plain_off_a_terminal() {
        let text = logged("info", LogFormat::Human, false);
        assert!(text.contains("part submitted carrier=\"acme\" attempt=2") && !text.contains('\x1b'), "{text}");
        assert!(logged("info", LogFormat::Auto, true).contains('\x1b'));
        assert_eq!(logged("warn", LogFormat::Human, false), "");
    }

    #[test]
    fn a_bad_filter_is_an_error() {
        let error = subscriber("info,whimbrel=loud", LogFormat::Human, false, io::sink).err().unwrap();
        assert!(error.to_string().contains("cannot read the log filter"), "{error}");
    }
}
