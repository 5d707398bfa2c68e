//! Text order of a locale, by the browser's own ICU.

use crate::query::Collate;
use js_sys::{Array, Function, Intl, Object};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use wasm_bindgen::JsValue;

#[derive(Default)]
pub struct Collators(RefCell<BTreeMap<String, Option<Function>>>);

impl Collate for Collators {
    fn compare(&self, locale: &str, a: &str, b: &str) -> Ordering {
        let mut collators = self.0.borrow_mut();
        let compare = collators.entry(locale.to_owned()).or_insert_with(|| collator(locale));
        let order = compare.as_ref().and_then(|compare| {
            let order = compare.call2(&JsValue::NULL, &a.into(), &b.into()).ok()?;
            order.as_f64()?.partial_cmp(&0.0)
        });
        order.unwrap_or(Ordering::Equal).then_with(|| a.cmp(b))
    }
}

/// None where the browser does not know the locale: then bytes decide.
fn collator(locale: &str) -> Option<Function> {
    let locales = Array::of1(&locale.into());
    let supported = Intl::Collator::supported_locales_of(&locales, &Object::new());
    (supported.length() > 0).then(|| Intl::Collator::new(&locales, &Object::new()).compare())
}
