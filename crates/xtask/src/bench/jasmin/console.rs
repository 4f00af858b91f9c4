//! Its console, `jcli`: one group, one user, one connector to the sink without a throttle, one route.
//!
//! A telnet session: prompts end what the other side says, and telnet's own commands (three octets from 255 on) are read over.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::bench::words::PEER_USER;
use crate::clock::{Started, sleep};
use crate::failure::{Attempted as _, Outcome, require};

/// Who may use the console as it is installed; the daemon loads its configuration as the same.
pub const USER: &str = "jcliadmin";
/// See `USER`.
pub const PASSWORD: &str = "jclipwd";

const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);
/// How long the connector may take to bind.
const BIND_TIME_MAX: Duration = Duration::from_secs(60);
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Sets everything up and waits until the connector is bound.
pub fn set_up(console: SocketAddr, sink: SocketAddr) -> Outcome<()> {
    let mut console = Console::open(console)?;
    let (user, password) = PEER_USER;
    let port = sink.port();
    for forms in [
        &["group -a", "gid bench", "ok"][..],
        &["user -a", &format!("username {user}"), &format!("password {password}"), "gid bench", "uid bench", "ok"],
        &[
            "smppccm -a",
            "cid sink",
            "host 127.0.0.1",
            &format!("port {port}"),
            "username bench",
            "password bench",
            "bind transceiver",
            // No throttle, and a text that must wait comes again after a second.
            "submit_throughput 0",
            "con_fail_delay 1",
            "con_loss_delay 1",
            "requeue_delay 1",
            "ok",
        ],
        &["mtrouter -a", "type DefaultRoute", "connector smppc(sink)", "rate 0", "ok"],
        &["persist"],
        &["smppccm -1 sink"],
    ] {
        for line in forms {
            let told = console.tell(line)?;
            let is_wrong = ["Unknown", "Error", "Failed", "Cannot"].iter().any(|word| told.contains(word));
            require(!is_wrong, || format!("Jasmin's console takes no `{line}`: {told}"))?;
        }
    }
    let started = Started::now();
    while !console.tell("smppccm -l")?.contains("BOUND_TRX") {
        require(started.elapsed() < BIND_TIME_MAX, || "Jasmin's connector does not bind".to_owned())?;
        sleep(Duration::from_millis(200));
    }
    Ok(())
}

struct Console(TcpStream);

impl Console {
    fn open(addr: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(addr).attempting("connect to Jasmin's console")?;
        stream.set_read_timeout(Some(ANSWER_TIME_MAX))?;
        let mut console = Self(stream);
        console.answer()?;
        console.tell(USER)?;
        console.tell(PASSWORD)?;
        Ok(console)
    }

    /// A line, and what is said to it.
    fn tell(&mut self, line: &str) -> Outcome<String> {
        self.0.write_all(format!("{line}\r\n").as_bytes()).attempting("write to Jasmin's console")?;
        self.answer()
    }

    /// Reads to the next prompt.
    fn answer(&mut self) -> Outcome<String> {
        let (mut said, mut octets) = (Vec::new(), [0; 4096]);
        while !is_prompt(&plain(&said)) {
            let read = self.0.read(&mut octets);
            let count = read.attempting(format_args!("read from Jasmin's console after `{}`", plain(&said)))?;
            require(count > 0 && said.len() < ANSWER_BYTES_MAX, || {
                format!("Jasmin's console ended: {}", plain(&said))
            })?;
            said.extend_from_slice(&octets[..count]);
        }
        Ok(plain(&said))
    }
}

fn is_prompt(said: &str) -> bool {
    let end = said.trim_end();
    // For the name it asks without a prompt.
    ["Authentication required.", "Password:", "jcli :", ">"].iter().any(|prompt| end.ends_with(prompt))
}

/// What is said without telnet's commands.
fn plain(octets: &[u8]) -> String {
    let (mut text, mut rest) = (Vec::new(), octets);
    while let Some((first, tail)) = rest.split_first() {
        if *first == 0xFF {
            rest = tail.get(2..).unwrap_or_default();
        } else {
            text.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_seen_through_telnets_commands() {
        assert_eq!(plain(b"\xff\xfb\x01Password: \xff\xfb"), "Password: ");
        for prompt in [
            "\x1bc\x1b[4hAuthentication required.\r\n\r\n",
            "Password: ",
            "hello\r\njcli : ",
            "Adding a new Group: (ok: save)\r\n> ",
        ] {
            assert!(is_prompt(prompt), "{prompt}");
        }
        assert!(!is_prompt("Welcome to Jasmin console\r\n") && !is_prompt(""));
    }
}
