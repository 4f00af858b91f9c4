//! What must be true once all is quiet.

use whimbrel_core::Span;
use whimbrel_store::{MessageFilter, Store};

use super::{Deed, QUIET_WITHIN, Sim};
use crate::model;
use crate::promise::Check;
use crate::store::lock;

impl Sim {
    /// Whether faults are off and nothing is on its way any more.
    pub(super) fn is_over(&mut self) -> bool {
        if !self.is_healed {
            return false;
        }
        let deadline = Span(self.setup.faults_for.0 + QUIET_WITHIN.0 + self.clock_back.0);
        if self.world.elapsed() > deadline {
            let open: Vec<String> =
                lock(&self.model).open().map(|(id, part)| format!("{id:x} {:?}", part.place)).collect();
            let stats = self.store.stats().map(|stats| format!("{stats:?}")).unwrap_or_default();
            let told = format!("it does not come to an end: {} {stats}", open.join(", "));
            lock(&self.model).fault(Check::ALL_ENDS, told);
            return true;
        }
        // A process whose store has stopped is about to end. What it still holds says nothing; what the next one finds does.
        self.life.is_some()
            && !self.store.has_stopped()
            && self.under_way.is_empty()
            && lock(&self.model).open().next().is_none()
            && self.store.stats().is_ok_and(|stats| stats.notices == 0)
            && self.far_ends.iter().all(|far_end| far_end.open.is_empty() && !far_end.has_waiting())
            && !self.agenda.values().any(|deed| matches!(deed, Deed::Call(_) | Deed::Reply(..) | Deed::Flush))
    }

    /// Once all is quiet: the store, row by row, is what the model says, keeps every invariant, and everybody was told.
    pub(super) fn compare_everything(&mut self) -> Result<(), String> {
        if !lock(&self.model).faults.is_empty() {
            return Ok(());
        }
        let filter = MessageFilter { count_max: 10_000, ..MessageFilter::default() };
        let messages = self.store.messages(&filter).map_err(|error| error.to_string())?;
        let mut seen = 0;
        for message in messages {
            let view = self.store.message(message.id).map_err(|error| error.to_string())?;
            let view = view.ok_or_else(|| "a message is gone".to_owned())?;
            for part in &view.parts {
                seen += 1;
                lock(&self.model).compare_part(part.id, &part.state, part.funds);
            }
        }
        let audit = self.store.inner().audit().map_err(|error| error.to_string())?;
        let mut model = lock(&self.model);
        for broken in audit.broken() {
            let name = format!("{} {}", Check::STORE_IS_SOUND, broken.name);
            model.faults.push(format!("{name}: {broken:?}"));
        }
        if seen != model.parts.len() {
            let count = model.parts.len();
            model.fault(Check::PARTS_ARE_THERE, format!("{count} parts were stored, {seen} are there"));
        }
        let untold: Vec<String> = model
            .parts
            .iter()
            .filter(|(_, part)| part.is_to_be_told && !part.heard.iter().any(|word| word == model::name(part.place)))
            .map(|(id, part)| format!("{id:x} {:?}", part.place))
            .collect();
        if !untold.is_empty() {
            model.fault(Check::ENDS_ARE_TOLD, format!("nobody was told of {}", untold.join(", ")));
        }
        Ok(())
    }

    /// The process ends in good order: places are free, and nothing is left in doubt.
    pub(super) fn stop(&mut self) -> Result<(), String> {
        let Some(life) = self.life.take() else { return Ok(()) };
        let used: usize = life.engine.carriers().all().iter().map(|desk| desk.dispatch().used()).sum();
        if used > 0 {
            lock(&self.model).fault(Check::PLACES_COME_BACK, format!("{used} places of a window are never given back"));
        }
        if !life.stop() {
            return Err("it does not stop".to_owned());
        }
        self.count("stopped in good order");
        let stats = self.store.stats().map_err(|error| error.to_string())?;
        if stats.submitting + stats.queued + stats.uncertain > 0 {
            return Err(format!("the stop left something open: {stats:?}"));
        }
        Ok(())
    }
}
