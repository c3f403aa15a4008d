//! The examples printed in RFC 7515 and RFC 8037, checked through the public door.

use vestibule_jose::{Algorithm, JwkSet, VerifyError, verify};

const RFC_7515_A2_KEY: &str = r#"{"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]}"#;
const RFC_7515_A2: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const RFC_7515_A3_KEY: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
const RFC_7515_A3: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const RFC_8037_A4_KEY: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const RFC_8037_A4: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

#[test]
fn the_examples_of_the_standards_verify() {
    let claims = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    for (keys, token, alg, payload) in [
        (RFC_7515_A2_KEY, RFC_7515_A2, Algorithm::RS256, claims),
        (RFC_7515_A3_KEY, RFC_7515_A3, Algorithm::ES256, claims),
        (RFC_8037_A4_KEY, RFC_8037_A4, Algorithm::EdDSA, "Example of Ed25519 signing"),
    ] {
        let keys: JwkSet = serde_json::from_str(keys).unwrap();
        let verified = verify(token, &keys, &[alg], None).unwrap();
        assert_eq!(String::from_utf8(verified.payload).unwrap(), payload);
        assert_eq!(verified.header.alg, alg);
        assert_eq!(verified.header.kid, None);

        let others: Vec<_> = Algorithm::ALL.into_iter().filter(|other| *other != alg).collect();
        assert_eq!(verify(token, &keys, &others, None), Err(VerifyError::Algorithm));
    }
}

#[test]
fn claims_are_read_only_from_json() {
    let keys: JwkSet = serde_json::from_str(RFC_7515_A3_KEY).unwrap();
    let verified = verify(RFC_7515_A3, &keys, &[Algorithm::ES256], None).unwrap();
    let claims: serde_json::Value = verified.claims().unwrap();
    assert_eq!(claims["iss"], "joe");
    assert_eq!(verified.claims::<Vec<u8>>(), Err(VerifyError::Claims));

    let keys: JwkSet = serde_json::from_str(RFC_8037_A4_KEY).unwrap();
    let verified = verify(RFC_8037_A4, &keys, &[Algorithm::EdDSA], None).unwrap();
    assert_eq!(verified.claims::<serde_json::Value>(), Err(VerifyError::Claims));
}
