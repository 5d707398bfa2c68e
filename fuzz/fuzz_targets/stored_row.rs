//! libFuzzer's entry to [`thermocline_fuzz::stored_row`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| thermocline_fuzz::stored_row(input));
