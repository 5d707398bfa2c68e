//! libFuzzer's entry to [`thermocline_fuzz::records`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| thermocline_fuzz::records(input));
