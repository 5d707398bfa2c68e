//! libFuzzer's entry to [`thermocline_fuzz::state_record`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| thermocline_fuzz::state_record(input));
