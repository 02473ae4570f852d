import CustomerJourney
import Testing

@testable import Access

@Suite struct SignedLinkTests {
  private let key = Array("a key of this project, of 32 byte".utf8)
  private let now = Timestamp(seconds: 1_700_000_000)

  @Test(
    "a link says what it was made for", arguments: ["1184", "email:anna@shop.nl", "a\nb\nc", ""])
  func same(subject: String) throws {
    for purpose in SignedLink.Purpose.allCases {
      for expires in [nil, Timestamp(seconds: 1_700_000_000)] {
        let link = SignedLink(purpose, subject: subject, expires: expires)
        let read = try SignedLink(
          token: link.token(key: key), purpose: purpose, key: key, now: now)
        #expect(read == link)
      }
    }
  }

  @Test("a link opens nothing else, nothing of another project, and nothing after its time")
  func refused() throws {
    let link = SignedLink(.basket, subject: "7", expires: now)
    let token = link.token(key: key)
    for purpose in SignedLink.Purpose.allCases where purpose != .basket {
      #expect(throws: LinkProblem.unknown) {
        try SignedLink(token: token, purpose: purpose, key: key, now: now)
      }
    }
    #expect(throws: LinkProblem.unknown) {
      try SignedLink(token: token, purpose: .basket, key: key.reversed(), now: now)
    }
    #expect(throws: LinkProblem.expired) {
      try SignedLink(
        token: token, purpose: .basket, key: key, now: Timestamp(seconds: 1_700_000_001))
    }
  }

  @Test("no token with one character changed, left out or put in opens anything")
  func changed() {
    let token = Array(SignedLink(.unsubscribe, subject: "1184").token(key: key).utf8)
    var tried = 0
    for place in token.indices {
      var variants = [token, token, token]
      variants[0].remove(at: place)
      variants[1].insert(UInt8(ascii: "A"), at: place)
      variants[2][place] = token[place] == UInt8(ascii: "B") ? UInt8(ascii: "C") : UInt8(ascii: "B")
      for variant in variants where variant != token {
        tried += 1
        #expect(throws: LinkProblem.unknown) {
          try SignedLink(
            token: String(decoding: variant, as: UTF8.self), purpose: .unsubscribe, key: key,
            now: now)
        }
      }
    }
    #expect(tried > token.count * 2)
  }

  @Test(
    "what is no token is refused",
    arguments: ["", ".", "a.b", "a.b.c", "é.é", String(repeating: "A", count: 5_000)])
  func noise(token: String) {
    #expect(throws: LinkProblem.unknown) {
      try SignedLink(token: token, purpose: .open, key: key, now: now)
    }
  }

  @Test("a token of the longest length opens, and a longer one of ours does not")
  func tooLong() throws {
    for (characters, opens) in [(3_032, true), (3_033, false)] {
      let link = SignedLink(.click, subject: String(repeating: "a", count: characters))
      let token = link.token(key: key)
      #expect((token.utf8.count <= Limits.linkCharacters) == opens)
      #expect(
        (try? SignedLink(token: token, purpose: .click, key: key, now: now)) == (opens ? link : nil)
      )
    }
  }
}
