import CustomerJourney
import Testing

@testable import Access

@Suite struct PasswordTests {
  /// As little work as the library allows: what is tested is not how long it takes.
  private static let light = Password.Cost(passes: 1, memoryBytes: 8_192)

  @Test(
    "a new password is refused for a reason that helps",
    arguments: [
      ("kort", Password.Problem.short), ("elf letters", .short), ("", .short),
      (String(repeating: "langer dan ", count: 100), .long), ("wachtwoord123", .common),
      ("Wachtw00rd123", .common), ("Pa$$word 1234", .common), ("123456789012", .common),
      ("098765432109", .common), ("qwertyuiopas", .common), ("aaaaaaaaaaaa", .common),
      ("abababababab", .common), ("annejansen@shop", .likeName),
    ])
  func refused(password: String, problem: Password.Problem) {
    #expect(Password.problem(password, name: "annejansen@shop") == problem)
  }

  @Test(
    "a long one is good without digits and signs",
    arguments: ["de kat zat op het dak", "correct paard batterij", "Zq3xV0b7kT1m", "密码密碼一二三四五六七八"])
  func good(password: String) {
    #expect(Password.problem(password, name: "ann") == nil)
  }

  @Test("only the same password is right, and each hash has a salt of its own")
  func right() throws {
    let password = "de kat zat op het dak"
    let hash = try #require(Password.hash(password, cost: Self.light))
    let again = try #require(Password.hash(password, cost: Self.light))
    #expect(hash.hasPrefix("$argon2id$"))
    #expect(hash != again)
    #expect(!hash.contains(password))
    #expect(Password.isRight(password, hash: hash))
    for wrong in ["De kat zat op het dak", "", password + " ", password + "\0x"] {
      #expect(!Password.isRight(wrong, hash: hash), "\(wrong.debugDescription)")
    }
    #expect(!Password.isRight(password, hash: nil, cost: Self.light))
    #expect(!Password.isRight(password, hash: "nonsense"))
  }

  @Test("a hash of a lower cost is dated, so that it is made anew at the next login")
  func dated() throws {
    let hash = try #require(Password.hash("de kat zat op het dak", cost: Self.light))
    #expect(!Password.isDated(hash, cost: Self.light))
    #expect(Password.isDated(hash, cost: Password.Cost(passes: 2, memoryBytes: 8_192)))
    #expect(Password.isDated(hash))
  }
}
