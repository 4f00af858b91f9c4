//! One life of the process: the engine with its drivers on a runtime of one thread. Dropped, it is dead.

use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use whimbrel_core::{CarrierEvent, CarrierId, World};
use whimbrel_dialects::claim::Compat;
use whimbrel_engine::batcher::{Stepper, Work};
use whimbrel_engine::carriers::{CarrierDesk, CarrierRules, Carriers};
use whimbrel_engine::dispatch::Pace;
use whimbrel_engine::failures::FailureRules;
use whimbrel_engine::retention::Retention;
use whimbrel_engine::{Engine, Parts};
use whimbrel_store::Store;

use crate::customer::{Request, snapshot};
use crate::outside::{Border, Effect, SimCarrier, SimEgress};
use crate::setup::Setup;
use crate::store::{SimStore, keyring};
use crate::world::SimWorld;

/// See the module.
pub struct Life {
    /// The engine.
    pub engine: Arc<Engine>,
    /// Its write side.
    pub stepper: Stepper,
    /// Its carriers, in the order of their numbers.
    pub carriers: Vec<Arc<SimCarrier>>,
    events: Option<mpsc::Sender<CarrierEvent>>,
    border: Border,
    // Last: tasks end before what they use.
    runtime: Runtime,
}

impl Life {
    /// Puts a process together on what is stored. Nothing runs before [`start`](Self::start).
    pub fn new(setup: &Setup, world: &SimWorld, border: &Border, store: &Arc<SimStore>) -> Result<Self, String> {
        let told = |error: &dyn std::error::Error| error.to_string();
        let runtime = tokio::runtime::Builder::new_current_thread()
            // The one future that this thread waits on yields until nothing else is ready: see `settle`.
            .event_interval(u32::MAX)
            .build()
            .map_err(|error| told(&error))?;
        let ids = (1..=setup.carrier_count).map(CarrierId);
        let pace = Pace { parts_per_second_max: setup.rate };
        let rules = CarrierRules { doubt: setup.doubt, pace, down_grace: setup.down_grace };
        let desks: Vec<Arc<CarrierDesk>> =
            ids.map(|id| Arc::new(CarrierDesk::new(id, format!("carrier-{}", id.0).into(), rules))).collect();
        let (engine, events, stepper) = Engine::stepped(Parts {
            store: Arc::clone(store) as Arc<dyn Store>,
            keyring: Arc::new(keyring()),
            world: Arc::new(world.clone()) as Arc<dyn World>,
            egress: Arc::new(SimEgress(border.clone())),
            carriers: Carriers::new(desks.clone()),
            snapshot: snapshot(setup.carrier_count),
            compat: Compat::On,
            addresses: Default::default(),
            failure_rules: FailureRules::default(),
            retention: Retention::default(),
            standard_headers: Default::default(),
            tape: Default::default(),
        })
        .map_err(|error| told(&error))?;
        let carriers: Vec<Arc<SimCarrier>> = desks
            .iter()
            .map(|desk| {
                let carrier = Arc::new(SimCarrier::new(desk.id, border.clone(), events.clone()));
                desk.set_carrier(Arc::clone(&carrier) as Arc<dyn whimbrel_carriers::Carrier>);
                carrier
            })
            .collect();
        Ok(Self { engine, stepper, carriers, events: Some(events), border: border.clone(), runtime })
    }

    /// Settles what the last process left, and starts the drivers. Answers whether the process lived to do so.
    pub fn start(&self) -> Result<bool, String> {
        let engine = Arc::clone(&self.engine);
        let recovered = self.finish(async move { engine.recover().await.map_err(|error| error.to_string()) });
        match recovered {
            // A process whose store fails, or that dies, before it is up is started again.
            None | Some(Err(_)) => Ok(false),
            Some(Ok(())) => {
                let engine = Arc::clone(&self.engine);
                self.runtime.block_on(async move { engine.run() });
                Ok(true)
            }
        }
    }

    /// Runs a future of the process to its end, and commits what it waits for; `None` if the process died.
    fn finish<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let task = self.runtime.spawn(work);
        loop {
            self.settle();
            if task.is_finished() {
                return self.runtime.block_on(task).ok();
            }
            if self.border.is_dead() || self.stepper.work() == Work::None {
                return None;
            }
            self.stepper.step();
        }
    }

    /// Runs every task as far as it goes without time, carriers or the store.
    pub fn settle(&self) {
        self.runtime.block_on(async {
            // Whoever yields is woken when nothing is ready any more; a task that used up its turn is woken at the same time.
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Tells the engine what a carrier reports.
    pub fn tell(&self, event: CarrierEvent) -> Result<(), String> {
        let Some(events) = &self.events else { return Err("the engine has stopped".to_owned()) };
        events.try_send(event).map_err(|error| format!("an event found no room: {error}"))
    }

    /// A customer sends a request; the answer is an effect.
    pub fn call(&self, number: usize, request: &Request) -> Option<JoinHandle<()>> {
        let entry = self.engine.directory().by_id(request.account)?;
        let (engine, border, call) = (Arc::clone(&self.engine), self.border.clone(), request.call.clone());
        let dialect = whimbrel_dialects::registry::DIALECTS[0].descriptor().id;
        Some(self.runtime.spawn(async move {
            let answer = engine.send(&entry.account, call, dialect).await;
            border.put(Effect::Answered(number, answer));
        }))
    }

    /// Stops in good order. Answers whether it came to an end.
    pub fn stop(mut self) -> bool {
        self.events = None;
        let engine = Arc::clone(&self.engine);
        self.finish(async move { engine.stop().await }).is_some()
    }
}
