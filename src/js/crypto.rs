//! WebCrypto, as far as we use it: AES-256-GCM for seals and for wrapping keys, PBKDF2 for passphrases.
//!
//! Owns names and parameters of the algorithms. No key made here can be exported, save a data key at the
//! moment it is made or wrapped anew; what a caller gets for good is non-extractable.

use super::platform::random;
use crate::protocol::{ErrorCode, Fault};
use crate::store::sealed::{Nonce, Passphrase};
use js_sys::{Array, JsString, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

const RAW: &str = "raw";
const GCM: &str = "AES-GCM";
const KDF: &str = "PBKDF2";
const DATA: &[&str] = &["encrypt", "decrypt"];
const WRAPPING: &[&str] = &["wrapKey", "unwrapKey"];

#[wasm_bindgen]
extern "C" {
    /// A `CryptoKey`: an opaque handle that can be stored and sent between contexts.
    #[wasm_bindgen(extends = Object)]
    #[derive(Clone)]
    pub type CryptoKey;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = generateKey, catch)]
    async fn generate_key(algorithm: &Object, extractable: bool, usages: &Array) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    async fn import_key(
        format: &str,
        data: &Uint8Array,
        algorithm: &str,
        extractable: bool,
        usages: &Array,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = deriveKey, catch)]
    async fn derive_key(
        algorithm: &Object,
        base: &CryptoKey,
        derived: &Object,
        extractable: bool,
        usages: &Array,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = wrapKey, catch)]
    async fn wrap_key(
        format: &str,
        key: &CryptoKey,
        wrapping: &CryptoKey,
        algorithm: &Object,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = unwrapKey, catch)]
    async fn unwrap_key(
        format: &str,
        wrapped: &Uint8Array,
        wrapping: &CryptoKey,
        algorithm: &Object,
        unwrapped: &str,
        extractable: bool,
        usages: &Array,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = encrypt, catch)]
    async fn subtle_encrypt(
        algorithm: &Object,
        key: &CryptoKey,
        data: &Uint8Array,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = decrypt, catch)]
    async fn subtle_decrypt(
        algorithm: &Object,
        key: &CryptoKey,
        data: &Uint8Array,
    ) -> Result<JsValue, JsValue>;
}

/// A key for seals. `extractable` only until it is wrapped.
pub async fn make_data_key(extractable: bool) -> Result<CryptoKey, Fault> {
    made(generate_key(&aes(), extractable, &list(DATA)).await)
}

/// A key that wraps others and can itself never be exported.
pub async fn make_wrapping_key() -> Result<CryptoKey, Fault> {
    made(generate_key(&aes(), false, &list(WRAPPING)).await)
}

/// A passphrase as a key that only derives others. The same letters, however typed, are the same one.
pub async fn passphrase_key(passphrase: &str) -> Result<CryptoKey, Fault> {
    let letters = String::from(JsString::from(passphrase).normalize("NFKC"));
    let data = Uint8Array::from(letters.as_bytes());
    made(import_key(RAW, &data, KDF, false, &list(&["deriveKey"])).await)
}

/// The wrapping key that a passphrase stands for; takes some tenths of a second, on purpose.
pub async fn derive_wrapping_key(base: &CryptoKey, how: &Passphrase) -> Result<CryptoKey, Fault> {
    let algorithm = object(&[
        ("name", KDF.into()),
        ("hash", "SHA-256".into()),
        ("salt", Uint8Array::from(how.salt.as_slice()).into()),
        ("iterations", how.rounds.into()),
    ]);
    made(derive_key(&algorithm, base, &aes(), false, &list(WRAPPING)).await)
}

pub async fn wrap(
    key: &CryptoKey,
    wrapping: &CryptoKey,
    nonce: &Nonce,
    associated: &[u8],
) -> Result<Vec<u8>, Fault> {
    let wrapped = wrap_key(RAW, key, wrapping, &gcm(nonce, associated)).await;
    wrapped.map(|bytes| Uint8Array::new(&bytes).to_vec()).map_err(|error| unusable(&error))
}

/// A data key; `None` if this is not what wraps it.
pub async fn unwrap(
    wrapped: &[u8],
    wrapping: &CryptoKey,
    nonce: &Nonce,
    associated: &[u8],
    extractable: bool,
) -> Result<Option<CryptoKey>, Fault> {
    let wrapped = Uint8Array::from(wrapped);
    let algorithm = gcm(nonce, associated);
    let key = unwrap_key(RAW, &wrapped, wrapping, &algorithm, GCM, extractable, &list(DATA)).await;
    unless_refused(key.map(JsCast::unchecked_into))
}

pub async fn encrypt(
    key: &CryptoKey,
    nonce: &Nonce,
    associated: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, Fault> {
    let sealed = subtle_encrypt(&gcm(nonce, associated), key, &Uint8Array::from(plain)).await;
    sealed.map(|bytes| Uint8Array::new(&bytes).to_vec()).map_err(|error| unusable(&error))
}

/// What was encrypted; `None` if it was not, like this.
pub async fn decrypt(
    key: &CryptoKey,
    nonce: &Nonce,
    associated: &[u8],
    sealed: &[u8],
) -> Result<Option<Vec<u8>>, Fault> {
    let plain = subtle_decrypt(&gcm(nonce, associated), key, &Uint8Array::from(sealed)).await;
    unless_refused(plain.map(|bytes| Uint8Array::new(&bytes).to_vec()))
}

pub fn nonce() -> Nonce {
    let [nonce @ .., _, _, _, _] = random();
    nonce
}

fn gcm(nonce: &Nonce, associated: &[u8]) -> Object {
    object(&[
        ("name", GCM.into()),
        ("iv", Uint8Array::from(nonce.as_slice()).into()),
        ("additionalData", Uint8Array::from(associated).into()),
    ])
}

fn aes() -> Object {
    object(&[("name", GCM.into()), ("length", 256.into())])
}

fn list(words: &[&str]) -> Array {
    words.iter().map(|word| JsValue::from(*word)).collect()
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // A plain object takes any property.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object
}

fn made(key: Result<JsValue, JsValue>) -> Result<CryptoKey, Fault> {
    key.map(JsCast::unchecked_into).map_err(|error| unusable(&error))
}

/// `OperationError` is the cipher's no; everything else is a cipher that does not work.
fn unless_refused<T>(answer: Result<T, JsValue>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if name_of(&error).as_deref() == Some("OperationError") => Ok(None),
        Err(error) => Err(unusable(&error)),
    }
}

fn name_of(error: &JsValue) -> Option<String> {
    Reflect::get(error, &"name".into()).ok()?.as_string()
}

fn unusable(error: &JsValue) -> Fault {
    let message = format!("WebCrypto does not answer ({error:?}); it needs https or localhost");
    Fault::new(ErrorCode::StorageBlocked, message)
}
