import CustomerJourney
import Testing

@testable import Access

@Suite struct CodeTests {
  @Test(
    "the codes are those of RFC 6238, appendix B",
    arguments: [
      (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"),
      (1_234_567_890, "89005924"), (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
    ])
  func vectors(seconds: Int64, code: String) {
    let app = OneTimeCode(key: Array("12345678901234567890".utf8))
    let step = OneTimeCode.step(at: Timestamp(seconds: seconds))
    #expect(app.code(step: step, digits: 8) == code)
  }

  @Test("a key is written as RFC 4648 writes base 32, in groups that can be typed")
  func base32() {
    #expect(OneTimeCode(key: Array("foobar".utf8)).base32 == "MZXW6YTBOI")
    #expect(OneTimeCode(key: Array("foobar".utf8)).groups == "MZXW 6YTB OI")
    #expect(
      OneTimeCode(key: Array("foob".utf8)).link(user: "ann b")
        == "otpauth://totp/Klantreis:ann%20b?secret=MZXW6YQ&issuer=Klantreis")
  }

  @Test("a code counts once, half a minute early or late, and typed with a space")
  func once() throws {
    let app = OneTimeCode(key: Array("12345678901234567890".utf8))
    let now = Timestamp(seconds: 1_700_000_010)
    let middle = OneTimeCode.step(at: now)
    for (offset, counts) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
      let code = app.code(step: middle + Int64(offset))
      #expect((app.step(of: code, at: now, after: 0) != nil) == counts, "\(offset) steps")
    }
    let code = app.code(step: middle)
    let step = try #require(
      app.step(of: "\(code.prefix(3)) \(code.suffix(3))", at: now, after: 0))
    #expect(app.step(of: code, at: now, after: step) == nil, "the same code again")
    #expect(app.step(of: app.code(step: middle - 1), at: now, after: step) == nil, "an older one")
    #expect(app.step(of: "", at: now, after: 0) == nil)
  }

  @Test("recovery codes differ, and count however they are typed")
  func recovery() {
    let codes = RecoveryCode.random()
    #expect(Set(codes).count == Limits.recoveryCodes)
    #expect(codes.allSatisfy { $0.wholeMatch(of: /[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}/) != nil })
    let code = codes[0]
    #expect(
      RecoveryCode.digest(code)
        == RecoveryCode.digest(" " + code.uppercased().replacing("-", with: " ")))
    #expect(RecoveryCode.digest(code) != RecoveryCode.digest(codes[1]))
  }

  @Test("a secret says nothing of itself where it is printed by mistake")
  func printed() {
    let secret = Secret.random()
    for text in [
      "\(secret)", String(reflecting: secret), "\([secret])",
      "\(String(describing: Optional(secret)))",
    ] {
      #expect(!text.contains(secret.text))
    }
    var dumped = ""
    dump(secret, to: &dumped)
    #expect(!dumped.contains(secret.text))
    #expect(secret.text.utf8.count == 43)
    #expect(secret.formToken != secret.text)
    #expect(Secret(text: secret.text).formToken == secret.formToken)
  }
}
