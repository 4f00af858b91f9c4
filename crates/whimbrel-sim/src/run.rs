//! One seed from its beginning to its end: the agenda of the world, the life of the process, and what must be true after each event.

mod far;
mod plan;
mod rest;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use whimbrel_carriers::Ack;
use whimbrel_core::{CarrierId, LinkId, Span, World};
use whimbrel_engine::batcher::Work;
use whimbrel_store::Store;

use crate::chance::Chance;
use crate::coverage::Coverage;
use crate::customer::{Request, furnishing};
use crate::far_end::{Answer, FarEnd, Try};
use crate::life::Life;
use crate::model::Model;
use crate::naive::Place;
use crate::outside::{Border, Effect, Reply};
use crate::promise::Check;
use crate::setup::{Habits, Setup};
use crate::store::{Failure, SimStore, lock};
use crate::trace::{Lines, Trace};
use crate::world::SimWorld;

/// How long everything may take to end once faults are off: the longest validity, the time of a receipt, the longest pause of a
/// webhook, and some more.
const QUIET_WITHIN: Span = Span::seconds(400 + 300 + 900 + 300);
/// The longest pause that a carrier's refusals lead to, and the time until its link is up again.
const PAUSE_MAX: Span = Span::seconds(80);
/// How long a far end waits before it delivers again.
const REDELIVERY: Span = Span::seconds(5);
/// Events of one seed, at most: more are a loop.
const EVENTS_MAX: u64 = 200_000;

/// How a seed ended.
pub struct End {
    /// What was seen.
    pub coverage: Coverage,
    /// The hash of its story.
    pub hash: u64,
    /// Its story, if it was kept.
    pub lines: Vec<String>,
    /// What cannot be and was all the same, each with the name of the check that found it.
    pub faults: Vec<String>,
    /// Parts that were accepted.
    pub part_count: u64,
}

/// Something that will happen.
enum Deed {
    Call(usize),
    HangUp(usize),
    Flush,
    Die,
    DieSoon(u64),
    Start,
    FailStore(Failure),
    SetClock(Span),
    Heal,
    Up(usize),
    Down(usize),
    Answer(usize, LinkId, Try, Answer),
    Deliver(usize, u32),
    Reply(oneshot::Sender<Reply>, Reply, Vec<String>),
}

struct Sim {
    setup: Setup,
    chance: Chance,
    world: SimWorld,
    border: Border,
    model: Arc<Mutex<Model>>,
    store: Arc<SimStore>,
    far_ends: Vec<FarEnd>,
    agenda: BTreeMap<(Span, u64), Deed>,
    deed_count: u64,
    life: Option<Life>,
    calls: Vec<Request>,
    /// Calls under way.
    under_way: BTreeMap<usize, JoinHandle<()>>,
    /// The flush on the agenda, and what was there to be committed when it was put there.
    flush: Option<((Span, u64), Work)>,
    is_healed: bool,
    link_count: u32,
    clock_back: Span,
    trace: Trace,
}

/// Plays a seed.
pub fn play(seed: u64, lines: Lines) -> End {
    whimbrel_core::saboteur::lie_in_wait();
    let mut chance = Chance::new(seed);
    let setup = Setup::of(&mut chance);
    let model = Arc::new(Mutex::new(Model::new(setup.doubt, setup.window)));
    let mut trace = Trace::new(lines);
    trace.tell(format_args!("{setup:?}"));
    let border = Border::default();
    let store = match SimStore::new(border.clone(), Arc::clone(&model)) {
        Ok(store) => Arc::new(store),
        Err(error) => return End::failed(error.to_string()),
    };
    let far_ends = (1..=setup.carrier_count).map(|id| FarEnd::new(CarrierId(id), setup.habits)).collect();
    let world = SimWorld::new(Chance::new(chance.bits()));
    let mut sim = Sim {
        setup,
        chance,
        world,
        border,
        model,
        store,
        far_ends,
        agenda: BTreeMap::new(),
        deed_count: 0,
        life: None,
        calls: Vec::new(),
        under_way: BTreeMap::new(),
        flush: None,
        is_healed: false,
        link_count: 0,
        clock_back: Span::ZERO,
        trace,
    };
    if let Err(fault) = sim.run() {
        lock(&sim.model).fault(Check::WORLD_GOES_ON, fault);
    }
    sim.end()
}

impl End {
    fn failed(fault: String) -> Self {
        Self {
            coverage: Coverage::default(),
            hash: 0,
            lines: Vec::new(),
            faults: vec![format!("{}: {fault}", Check::WORLD_GOES_ON)],
            part_count: 0,
        }
    }
}

impl Sim {
    fn run(&mut self) -> Result<(), String> {
        let ops = furnishing(self.setup.carrier_count, self.setup.funds, self.world.now());
        self.store.commit(&ops).map_err(|error| error.to_string())?;
        self.plan();
        self.start()?;
        let mut event_count = 0;
        while !self.is_over() {
            event_count += 1;
            if event_count > EVENTS_MAX {
                return Err("it does not come to rest".to_owned());
            }
            self.next()?;
            self.settle()?;
            if !lock(&self.model).faults.is_empty() {
                return Ok(());
            }
        }
        self.compare_everything()?;
        self.stop()
    }

    /// Answers the deed's place on the agenda.
    fn put(&mut self, at: Span, deed: Deed) -> (Span, u64) {
        self.deed_count += 1;
        let place = (at, self.deed_count);
        self.agenda.insert(place, deed);
        place
    }

    fn at(&mut self, at: Span, deed: Deed) {
        self.put(at, deed);
    }

    fn after(&mut self, span: Span, deed: Deed) {
        self.at(Span(self.world.elapsed().0 + span.0), deed);
    }

    /// The next thing that happens: a deed of the agenda, or a timer of the process.
    fn next(&mut self) -> Result<(), String> {
        let deed_at = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let timer_at = self.world.next_timer();
        match (deed_at, timer_at) {
            (Some(deed_at), timer_at) if timer_at.is_none_or(|timer_at| deed_at <= timer_at) => {
                let Some((_, deed)) = self.agenda.pop_first() else { return Ok(()) };
                self.world.advance_to(deed_at);
                self.perform(deed)
            }
            (_, Some(timer_at)) => {
                self.world.advance_to(timer_at);
                Ok(())
            }
            _ => Err("nothing will ever happen again".to_owned()),
        }
    }

    fn perform(&mut self, deed: Deed) -> Result<(), String> {
        let now = self.world.elapsed();
        match deed {
            Deed::Call(number) => self.call(number),
            Deed::HangUp(number) => {
                if let Some(call) = self.under_way.remove(&number) {
                    self.count("customer: hung up");
                    self.trace.tell(format_args!("{} call {number} hangs up", now.0));
                    call.abort();
                }
            }
            Deed::Flush => {
                self.flush = None;
                if let Some(life) = &self.life {
                    if !life.stepper.has_taken() {
                        self.store.expect_left(life.stepper.work() == Work::Left);
                        if self.chance.percent(50) {
                            // The next flush commits it; whatever happens before that happens while the writer is at work.
                            life.stepper.take();
                            return Ok(());
                        }
                    }
                    life.stepper.step();
                    self.store.expect_left(false);
                    if self.chance.percent(25) {
                        // The writer goes on before anybody else has seen what follows from the commit.
                        life.stepper.take();
                    }
                }
                match self.store.take_struck() {
                    Some(Failure::NothingWritten) => self.count("store failed before it wrote"),
                    Some(Failure::AllWritten) => self.count("store failed after it wrote"),
                    None => {}
                }
            }
            Deed::Die => {
                if self.life.is_some() {
                    self.count("death while nothing moves");
                    self.die();
                }
            }
            Deed::DieSoon(steps) => self.border.die_after(steps),
            Deed::Start => self.start()?,
            Deed::FailStore(failure) => {
                if !self.is_healed && self.life.is_some() {
                    self.store.fail_next(failure);
                }
            }
            Deed::SetClock(by) => {
                self.count(if by.0 > 0 { "clock set on" } else { "clock set back" });
                self.clock_back = Span(self.clock_back.0 + by.0.min(0).abs());
                self.trace.tell(format_args!("{} the clock is set by {}", now.0, by.0));
                self.world.set_clock(by);
            }
            Deed::Heal => {
                self.is_healed = true;
                lock(&self.model).healthy_since = Some(self.world.now() + PAUSE_MAX);
                self.trace.tell(format_args!("{} faults are off", now.0));
                self.far_ends.iter_mut().for_each(|far_end| far_end.habits = Habits::good());
            }
            Deed::Up(index) => self.up(index)?,
            Deed::Down(index) => self.down(index)?,
            Deed::Answer(index, link, tried, answer) => self.answer(index, link, tried, answer)?,
            Deed::Deliver(index, number) => self.deliver(index, number)?,
            Deed::Reply(answer, reply, told) => self.reply(answer, reply, told),
        }
        Ok(())
    }

    fn count(&self, what: &'static str) {
        lock(&self.model).coverage.count(what);
    }

    fn start(&mut self) -> Result<(), String> {
        let high_water =
            self.store.restart().and_then(|()| self.store.high_water()).map_err(|error| error.to_string())?;
        self.world.restart(high_water);
        self.border.revive();
        {
            let mut model = lock(&self.model);
            model.has_failed = false;
            model.healthy_since = self.is_healed.then(|| self.world.now() + PAUSE_MAX);
        }
        let life = Life::new(&self.setup, &self.world, &self.border, &self.store)?;
        self.trace.tell(format_args!("{} a process starts", self.world.elapsed().0));
        let is_up = life.start()?;
        self.life = Some(life);
        if !is_up {
            self.die();
            return Ok(());
        }
        for index in 0..self.far_ends.len() {
            let span = self.chance.millis(1, 500);
            self.after(span, Deed::Up(index));
        }
        Ok(())
    }

    /// The process is gone, with all that it knew and had under way.
    fn die(&mut self) {
        self.trace.tell(format_args!("{} the process is dead", self.world.elapsed().0));
        // What it did before it died, it did.
        let effects = self.border.take();
        for effect in effects {
            self.felt(effect);
        }
        self.under_way.clear();
        self.life = None;
        if let Some((place, _)) = self.flush.take() {
            self.agenda.remove(&place);
        }
        for far_end in &mut self.far_ends {
            far_end.link = None;
            far_end.open.clear();
        }
        let span = self.chance.millis(0, 5_000);
        self.after(span, Deed::Start);
        // Customers without an answer ask again, where a key makes that harmless.
        for number in 0..self.calls.len() {
            if self.calls[number].call.idempotency.is_some() && self.chance.percent(10) {
                let later = Span(span.0 + self.chance.millis(600, 3_000).0);
                self.after(later, Deed::Call(number));
            }
        }
    }

    fn call(&mut self, number: usize) {
        let Some(life) = &self.life else { return };
        self.trace.tell(format_args!("{} call {number}", self.world.elapsed().0));
        if let Some(task) = life.call(number, &self.calls[number]) {
            self.under_way.insert(number, task);
        }
    }

    /// Lets the process run as far as it can, and looks at what it did.
    fn settle(&mut self) -> Result<(), String> {
        if let Some(life) = &self.life {
            life.settle();
            let effects = self.border.take();
            for effect in effects {
                self.felt(effect);
            }
        }
        if self.border.is_dead() && self.life.is_some() {
            self.count("death in the middle of something");
            self.die();
        }
        if self.store.has_stopped() && !lock(&self.model).has_failed && self.life.is_some() {
            lock(&self.model).has_failed = true;
            let span = self.chance.millis(100, 5_000);
            self.after(span, Deed::Die);
        }
        let work = self.life.as_ref().map_or(Work::None, |life| life.stepper.work());
        if work > self.flush.map_or(Work::None, |(_, of_flush)| of_flush) {
            if let Some((later, _)) = self.flush {
                self.agenda.remove(&later);
            }
            let span = match work {
                Work::Left => self.chance.millis(5, 9),
                Work::None | Work::Due => self.chance.millis(0, 4),
            };
            let at = Span(self.world.elapsed().0 + span.0);
            self.flush = Some((self.put(at, Deed::Flush), work));
        }
        Ok(())
    }

    fn felt(&mut self, effect: Effect) {
        let now = self.world.elapsed();
        match effect {
            Effect::Submitted(carrier, submission) => self.arrive(carrier, &submission),
            Effect::Acknowledged(carrier, token, ack) => {
                let index = usize::from(carrier.0) - 1;
                if ack == Ack::TryAgain {
                    self.count("to be delivered again");
                    return;
                }
                let Some(code) = self.far_ends[index].acknowledged(token.sequence) else { return };
                self.count("acknowledged");
                self.trace.tell(format_args!("{} delivery {code} is acknowledged", now.0));
                let mut model = lock(&self.model);
                if !model.stored.contains(&code) {
                    model.fault(Check::ACK_AFTER_STORED, format!("delivery {code} was acknowledged and is not stored"));
                }
            }
            Effect::Webhook(url, answer) => {
                let told: Vec<String> =
                    url.split(['?', '&']).filter_map(|pair| Some(pair.split_once('=')?.1.to_owned())).collect();
                self.trace.tell(format_args!("{} webhook {}", now.0, told.join(" ")));
                let faults = if self.is_healed { 0 } else { self.setup.webhook_faults };
                let reply = match self.chance.percent(faults) {
                    false => Ok(200),
                    true if self.chance.percent(50) => Ok(500),
                    true => Err("no answer".into()),
                };
                let span = self.chance.millis(1, if faults > 0 { 5_000 } else { 50 });
                self.after(span, Deed::Reply(answer, reply, told));
            }
            Effect::Answered(number, answer) => {
                self.under_way.remove(&number);
                let ids = answer.as_ref().map(|accepted| accepted.message_id.0).map_err(std::mem::discriminant);
                self.trace.tell(format_args!("{} call {number} is answered {}", now.0, ids.unwrap_or(0)));
                lock(&self.model).answered(&answer);
            }
        }
    }

    fn end(self) -> End {
        // The life goes first: its tasks hold what is looked at here.
        let Self { life, model, store, mut trace, .. } = self;
        drop(life);
        let mut model = lock(&model);
        for (id, part) in &model.parts {
            trace.tell(format_args!("{id:x} {:?} {:?} taken {}", part.place, part.funds, part.taken));
        }
        let part_count = model.parts.values().filter(|part| part.is_accepted).count() as u64;
        let ended = model.parts.values().all(|part| matches!(part.place, Place::Ended(_)));
        if model.faults.is_empty() && !ended {
            model.fault(Check::ALL_ENDS, "something never ended");
        }
        let faults = std::mem::take(&mut model.faults);
        if let (true, Ok(store)) = (faults.is_empty(), Arc::try_unwrap(store)) {
            store.leave();
        }
        End { coverage: model.coverage.clone(), hash: trace.hash(), lines: trace.into_lines(), faults, part_count }
    }
}
