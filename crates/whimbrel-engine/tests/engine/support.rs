//! A gateway in a test: a store in a file, one account, one carrier whose every word the test says.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use whimbrel_carriers::{Ack, Carrier, CarrierStatus, Order};
use whimbrel_core::account::{AccountStatus, CaptureOn};
use whimbrel_core::part::{DoubtPolicy, DoubtRules};
use whimbrel_core::plan::Route;
use whimbrel_core::policy::Signable;
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{
    Account, AccountId, AccountRules, AckToken, Alphabet, AnswerTiming, AttemptNumber, AuthMethod, Bucket, Call,
    CarrierEvent, CarrierId, CarrierMessageId, CarrierReceipt, Cause, Content, Currency, Endpoint, EndpointKind,
    HttpMethodChoice, IdempotencyKey, InboundContent, InboundPart, KeyForm, LinkId, MessageClass, MessageText, Money,
    Networks, PartId, PhoneNumber, Prices, ReceiptKey, ReceiptStatus, ReceiptWish, Registration, RouteCarrier, Secret,
    SecretRole, SendCall, SenderId, Snapshot, Span, Submission, Telling, Timestamp, World,
};
use whimbrel_dialects::address::Addresses;
use whimbrel_dialects::claim::Compat;
use whimbrel_dialects::http::WebhookRequest;
use whimbrel_dialects::standard::StandardHeaders;
use whimbrel_dialects::{Claim, Dialect, registry};
use whimbrel_engine::carriers::{CarrierDesk, CarrierRules, Carriers};
use whimbrel_engine::dispatch::Pace;
use whimbrel_engine::failures::FailureRules;
use whimbrel_engine::ports::{CallPlace, Egress};
use whimbrel_engine::retention::Retention;
use whimbrel_engine::tape::{Tape, TapeBounds};
use whimbrel_engine::{Engine, NewCustomer, Origin, Parts};
use whimbrel_sms::{Concat, RefWidth};
use whimbrel_store::{Keyring, Op, OpResult, SqliteOptions, SqliteStore, Store, TopUp};

use super::clock::SetWorld;

pub const PRICE: i64 = 3_330_000;
const LINK: LinkId = LinkId(1);
/// Calls to one host at once.
pub const PLACES_OF_HOST: usize = 16;

/// A carrier that keeps what it is given until the test speaks.
pub struct HeldCarrier {
    submissions: mpsc::UnboundedSender<Submission>,
    acks: mpsc::UnboundedSender<(AckToken, Ack)>,
    events: Mutex<Option<mpsc::Sender<CarrierEvent>>>,
    takes_none: bool,
}

impl Carrier for HeldCarrier {
    fn submit(&self, submission: Submission) -> Result<(), Box<Submission>> {
        if self.takes_none {
            return Err(Box::new(submission));
        }
        self.submissions.send(submission).map_err(|error| Box::new(error.0))
    }

    fn acknowledge(&self, token: AckToken, ack: Ack) {
        _ = self.acks.send((token, ack));
    }

    fn order(&self, _: Order) {}

    fn status(&self) -> CarrierStatus {
        CarrierStatus { order: Order::Bind, links: Vec::new() }
    }

    fn probe(&self) -> BoxFuture<'_, Result<Span, Box<str>>> {
        Box::pin(std::future::ready(Err("held".into())))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        drop(self.events.lock().expect("no test panics here").take());
        Box::pin(std::future::ready(()))
    }
}

/// A way out that keeps what it is given until the test answers, with the usual places for each host.
pub struct HeldEgress {
    calls: mpsc::UnboundedSender<(WebhookRequest, oneshot::Sender<u16>)>,
    places: Mutex<HashMap<Box<str>, Arc<Semaphore>>>,
    /// Those who had to wait for a place, ever.
    waited_count: Arc<AtomicUsize>,
}

impl Egress for HeldEgress {
    fn place<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<CallPlace, Box<str>>> {
        let host = url.split('/').nth(2).expect("a URL").into();
        let mut places = self.places.lock().expect("no test panics here");
        let places = Arc::clone(places.entry(host).or_insert_with(|| Arc::new(Semaphore::new(PLACES_OF_HOST))));
        Box::pin(async move {
            if places.available_permits() == 0 {
                self.waited_count.fetch_add(1, Ordering::SeqCst);
            }
            Ok(Box::new(places.acquire_owned().await.expect("never closed")) as CallPlace)
        })
    }

    fn send(&self, place: CallPlace, request: WebhookRequest) -> BoxFuture<'_, Result<u16, Box<str>>> {
        let (answer, answered) = oneshot::channel();
        _ = self.calls.send((request, answer));
        Box::pin(async move {
            let answer = answered.await.map_err(|_| "no answer".into());
            drop(place);
            answer
        })
    }
}

/// A folder that is removed at the end.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("whimbrel-engine-{}-{name}", std::process::id()));
        _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How the gateway of a test differs from the usual one.
#[derive(Clone, Copy)]
pub struct Setup {
    pub window_max: u16,
    pub policy: DoubtPolicy,
    /// The carrier takes no submission.
    pub takes_none: bool,
    /// Whole units paid in.
    pub balance: i64,
    pub failure_rules: FailureRules,
    pub retention: Retention,
    /// How many carriers the only route has; their numbers begin at 1.
    pub carrier_count: u16,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            window_max: 10,
            policy: DoubtPolicy::Resend,
            takes_none: false,
            balance: 100,
            failure_rules: FailureRules::default(),
            retention: Retention::default(),
            carrier_count: 1,
        }
    }
}

pub struct Gateway {
    pub engine: Arc<Engine>,
    pub store: Arc<SqliteStore>,
    pub submissions: mpsc::UnboundedReceiver<Submission>,
    pub acks: mpsc::UnboundedReceiver<(AckToken, Ack)>,
    pub webhooks: mpsc::UnboundedReceiver<(WebhookRequest, oneshot::Sender<u16>)>,
    /// Calls that had to wait for a place.
    pub waited_count: Arc<AtomicUsize>,
    events: mpsc::Sender<CarrierEvent>,
    pub dialect: &'static dyn Dialect,
    clock: Arc<SetWorld>,
    next_ack: u32,
}

impl Gateway {
    pub async fn start(folder: &Folder, setup: Setup) -> Self {
        Self::start_with(folder, setup, Keyring::from_bytes([7; 32])).await
    }

    #[expect(clippy::disallowed_methods, reason = "a test must not make the gateway wait for the test")]
    pub async fn start_with(folder: &Folder, setup: Setup, keyring: Keyring) -> Self {
        let path = folder.0.join("whimbrel.db");
        let options = SqliteOptions { path, keyring: keyring.clone(), reader_count: 2 };
        let store = Arc::new(SqliteStore::open(options).expect("the store opens"));
        let clock = Arc::new(SetWorld::new(store.high_water().expect("readable")));
        let world: Arc<dyn World> = Arc::clone(&clock) as _;
        let doubt = DoubtRules { wait: Span::ZERO, ..DoubtRules::all(setup.policy) };
        let mut desks = Vec::new();
        for index in 1..=setup.carrier_count {
            let name: Box<str> = format!("held {index}").into();
            let named = store.commit(&[Op::NameCarrier { name: name.clone() }]).expect("writable");
            let [OpResult::Carrier(carrier)] = named.as_slice() else { panic!("{named:?}") };
            desks.push(Arc::new(CarrierDesk::new(*carrier, name, rules(doubt))));
        }
        let (egress, webhooks) = mpsc::unbounded_channel();
        let waited_count = Arc::new(AtomicUsize::new(0));
        let (engine, events) = Engine::start(Parts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            keyring: Arc::new(keyring),
            world,
            egress: Arc::new(HeldEgress {
                calls: egress,
                places: Mutex::default(),
                waited_count: Arc::clone(&waited_count),
            }),
            carriers: Carriers::new(desks.clone()),
            compat: Compat::On,
            snapshot: snapshot(desks.iter().map(|desk| desk.id)),
            failure_rules: setup.failure_rules,
            addresses: Addresses::public(["https://sms.example:8080".into()]),
            retention: setup.retention,
            standard_headers: StandardHeaders::Added,
            tape: Arc::new(Tape::new(TapeBounds { entries_max: 1_000, bytes_max: 1 << 22 })),
        })
        .await
        .expect("the engine starts");
        let (submitted, submissions) = mpsc::unbounded_channel();
        let (acked, acks) = mpsc::unbounded_channel();
        for desk in &desks {
            let held = HeldCarrier {
                submissions: submitted.clone(),
                acks: acked.clone(),
                events: Mutex::new(Some(events.clone())),
                takes_none: setup.takes_none,
            };
            desk.set_carrier(Arc::new(held));
        }
        let dialect = registry::DIALECTS[0];
        let mut gateway =
            Self { engine, store, submissions, acks, webhooks, waited_count, events, dialect, clock, next_ack: 0 };
        gateway.open_account(setup.balance).await;
        gateway.engine.run();
        for desk in &desks {
            gateway.tell(CarrierEvent::Up { carrier: desk.id, link: LINK, window_max: setup.window_max }).await;
            gateway.until(|| desk.dispatch().window_max() > 0 && !desk.dispatch().wants_refill()).await;
        }
        gateway
    }

    async fn open_account(&mut self, balance: i64) {
        // After a restart it is there already.
        self.open_with("key", "secret", "signature", balance).await;
    }

    /// Opens an account with a balance of 100.
    pub async fn open(&self, key: &str, secret: &str, signature_secret: &str) -> AccountId {
        self.open_with(key, secret, signature_secret, 100).await
    }

    /// Opens an account with a balance of 100 whose secret is a key of its own; it may be there already.
    pub async fn open_with_secret_key(&self, key: &str, secret: &str, signature_secret: &str) -> AccountId {
        self.open_account_with(key, (secret, SecretRole::Key(whimbrel_core::KeyMode::Live)), signature_secret, 100)
            .await
    }

    async fn open_with(&self, key: &str, secret: &str, signature_secret: &str, balance: i64) -> AccountId {
        self.open_account_with(key, (secret, SecretRole::Half), signature_secret, balance).await
    }

    async fn open_account_with(
        &self,
        key: &str,
        (secret, role): (&str, SecretRole),
        signature_secret: &str,
        balance: i64,
    ) -> AccountId {
        let account = Account {
            id: AccountId(self.engine.world().next_id()),
            key: key.into(),
            name: "".into(),
            currency: Currency::EUR,
            status: AccountStatus::Active,
            default_class: MessageClass::Otp,
            capture_on: CaptureOn::CarrierAccept,
            webhook_method: HttpMethodChoice::Get,
            endpoints: vec![Endpoint { kind: EndpointKind::Receipt, url: "http://127.0.0.1:9/receipt".into() }],
            rules: AccountRules::default(),
            signing: Default::default(),
            policy: Default::default(),
            otp: Default::default(),
            lists: Arc::default(),
        };
        let dialect = self.dialect.descriptor().id;
        let customer = NewCustomer {
            account,
            dialect: dialect.into(),
            secret: Secret::new(secret),
            role,
            free_credit: None,
            signature_secret: Secret::new(signature_secret),
        };
        _ = self.engine.create_account(customer).await;
        let entry = self.engine.directory().by_key(dialect, key).expect("the account is there");
        let amount = Money::new(balance * whimbrel_core::money::UNITS_PER_WHOLE, Currency::EUR);
        let (account_id, at) = (entry.account.id, self.engine.world().now());
        let top_up = TopUp { account_id, amount, bucket: Bucket::Balance, cause: "opening".into(), at };
        self.engine.top_up(top_up).await.expect("paid in");
        account_id
    }

    pub fn account(&self) -> AccountId {
        let entry = self.engine.directory().by_key(self.dialect.descriptor().id, "key");
        entry.expect("the account is there").account.id
    }

    pub fn clock(&self) -> &dyn World {
        &*self.clock
    }

    pub fn set_clock(&self, now: Timestamp) {
        self.clock.set(now);
    }

    pub fn held_and_posted(&self) -> (i64, i64) {
        let view = self.store.account(self.account()).expect("readable").expect("there");
        (view.wallet.held.units, view.wallet.posted.units)
    }

    pub fn send(&self, text: &str) -> tokio::task::JoinHandle<whimbrel_core::Outcome> {
        self.send_as("key", "secret", "127.0.0.1", text)
    }

    pub fn send_as(
        &self,
        key: &str,
        secret: &str,
        source: &str,
        text: &str,
    ) -> tokio::task::JoinHandle<whimbrel_core::Outcome> {
        self.send_call(key, secret, source, Self::a_send(text))
    }

    /// Sends a text whose request has an idempotency key.
    pub fn send_marked(&self, text: &str, key: &str) -> tokio::task::JoinHandle<whimbrel_core::Outcome> {
        let mut request_digest = [0; 32];
        request_digest.iter_mut().zip(text.bytes()).for_each(|(digest, octet)| *digest = octet);
        let idempotency = Some(IdempotencyKey { key: key.into(), request_digest });
        self.send_call("key", "secret", "127.0.0.1", SendCall { idempotency, ..Self::a_send(text) })
    }

    fn a_send(text: &str) -> SendCall {
        SendCall {
            recipient: PhoneNumber::parse("447700900123").expect("a number"),
            sender: SenderId::parse("Acme").expect("a sender"),
            content: Content::Text { text: MessageText::new(text), alphabet: Alphabet::Gsm7Lossy },
            handset_class: None,
            network: None,
            registration: Registration::default(),
            receipt: ReceiptWish::Wanted,
            callback: None,
            telling: Telling::default(),
            application: None,
            client_ref: None,
            account_ref: None,
            validity: None,
            class: None,
            idempotency: None,
            due_at: None,
            carrier: None,
            mode: whimbrel_core::KeyMode::Live,
        }
    }

    fn send_call(
        &self,
        key: &str,
        secret: &str,
        source: &str,
        send: SendCall,
    ) -> tokio::task::JoinHandle<whimbrel_core::Outcome> {
        let call = Call::Send(Box::new(send));
        let method = AuthMethod::Parameters;
        let claim =
            Claim::KeyAndSecret { key: key.into(), secret: Secret::new(secret), method, signable: Signable::Yes };
        let (engine, dialect) = (Arc::clone(&self.engine), self.dialect);
        let origin = Origin { address: source.parse().ok(), ..Origin::default() };
        tokio::spawn(async move { engine.handle(dialect, origin, Ok(claim), Ok(call)).await })
    }

    /// Any call of the account.
    pub fn ask(&self, call: Call) -> tokio::task::JoinHandle<whimbrel_core::Outcome> {
        let (key, secret, method) = ("key".into(), Secret::new("secret"), AuthMethod::Parameters);
        let claim = Claim::KeyAndSecret { key, secret, method, signable: Signable::No };
        let (engine, dialect) = (Arc::clone(&self.engine), self.dialect);
        tokio::spawn(async move { engine.handle(dialect, Origin::default(), Ok(claim), Ok(call)).await })
    }

    pub async fn tell(&self, event: CarrierEvent) {
        self.events.send(event).await.expect("the engine settles");
    }

    pub async fn sent(&self, part: &Submission, id: &str, timing: AnswerTiming) {
        let id = CarrierMessageId { raw: id.into(), key: id.as_bytes().into() };
        let at = self.engine.world().now();
        let (part_id, attempt) = (part.part_id, part.attempt);
        self.tell(CarrierEvent::Sent { carrier: CarrierId(1), part_id, attempt, id, timing, at }).await;
    }

    pub async fn doubt(&self, part: &Submission, cause: whimbrel_core::DoubtCause) {
        let at = self.engine.world().now();
        let (part_id, attempt) = (part.part_id, part.attempt);
        self.tell(CarrierEvent::Doubt { carrier: CarrierId(1), part_id, attempt, cause, at }).await;
    }

    /// Tells a receipt and answers the token that its acknowledgement will carry.
    pub async fn receipt(&mut self, id: &str, status: ReceiptStatus) -> AckToken {
        self.receipt_of(id, status, None).await
    }

    /// The same, with the recipient's network.
    pub async fn receipt_of(&mut self, id: &str, status: ReceiptStatus, network: Option<&str>) -> AckToken {
        self.tell_receipt((1, id), (status, Cause::None), network).await
    }

    /// The same by another carrier than the first.
    pub async fn receipt_by(&mut self, carrier: u16, id: &str, status: ReceiptStatus) -> AckToken {
        self.tell_receipt((carrier, id), (status, Cause::None), None).await
    }

    /// The same, with a cause.
    pub async fn receipt_for(&mut self, id: &str, status: ReceiptStatus, cause: Cause) -> AckToken {
        self.tell_receipt((1, id), (status, cause), None).await
    }

    async fn tell_receipt(
        &mut self,
        (carrier, id): (u16, &str),
        (status, cause): (ReceiptStatus, Cause),
        network: Option<&str>,
    ) -> AckToken {
        self.next_ack += 1;
        let ack = AckToken { link: LINK, sequence: self.next_ack };
        let receipt = CarrierReceipt {
            keys: vec![ReceiptKey { key: id.as_bytes().into(), form: KeyForm::Plain }],
            raw_id: id.into(),
            status,
            cause,
            code: "".into(),
            recipient: "447700900123".into(),
            network: network.map(Into::into),
        };
        let at = self.engine.world().now();
        self.tell(CarrierEvent::Receipt { carrier: CarrierId(carrier), receipt, ack, at }).await;
        ack
    }

    /// Tells a text that came in, and answers the token that its acknowledgement will carry.
    pub async fn inbound(&mut self, number: &str, content: InboundContent, concat: Option<Concat>) -> AckToken {
        self.next_ack += 1;
        let ack = AckToken { link: LINK, sequence: self.next_ack };
        let part = InboundPart {
            sender: SenderId::parse("447700900123").expect("a sender"),
            number: number.into(),
            header: Box::default(),
            concat,
            content,
        };
        let at = self.engine.world().now();
        self.tell(CarrierEvent::Inbound { carrier: CarrierId(1), part: Box::new(part), ack, at }).await;
        ack
    }

    pub async fn next_submission(&mut self) -> Submission {
        soon(self.submissions.recv()).await.expect("the carrier is there")
    }

    /// Waits for a condition that another task brings about. Bounded; fails the test at the bound.
    pub async fn until(&self, condition: impl Fn() -> bool) {
        let wait = async {
            while !condition() {
                tokio::task::yield_now().await;
            }
        };
        soon(wait).await;
    }

    pub fn state_of(&self, part: PartId) -> String {
        let message = self.store.message_of_part(part).expect("readable").expect("there");
        let view = self.store.message(message).expect("readable").expect("there");
        view.parts.iter().find(|view| view.id == part).expect("one of its parts").state.to_string()
    }

    pub async fn stop(self) -> Arc<SqliteStore> {
        drop(self.events);
        soon(self.engine.stop()).await;
        self.store
    }
}

/// Waits for what must come; a generous bound makes a hang a failure.
pub async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("it came within 20 seconds")
}

/// No limit, and no patience with a carrier that is down.
pub fn rules(doubt: DoubtRules) -> CarrierRules {
    CarrierRules { doubt, pace: Pace { parts_per_second_max: 0 }, down_grace: Span::ZERO }
}

fn snapshot(carriers: impl Iterator<Item = CarrierId>) -> Snapshot {
    let networks =
        "prefix,mccmnc,country,name\n447700900,23420,GB,Fictional\n447999,23433,GB,Other\n8498,45204,VN,Viettel\n";
    Snapshot {
        epoch: 1,
        networks: Arc::new(Networks::parse(networks).expect("a good table")),
        prices: Arc::new(
            Prices::parse("country,mccmnc,price,currency\n*,,0.0333,EUR\nGB,23433,0.05,EUR\n").expect("a good table"),
        ),
        test_carrier: None,
        routes: vec![Route {
            name: "all".into(),
            prefix: "".into(),
            networks: Vec::new(),
            carriers: carriers.map(|id| RouteCarrier { id, reference_width: RefWidth::Bits8, part_slack: 0 }).collect(),
        }],
    }
}

/// The attempt as a number, for comparisons.
pub fn attempt(part: &Submission) -> u16 {
    let AttemptNumber(number) = part.attempt;
    number
}
