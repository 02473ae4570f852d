import Crypto
import CustomerJourney

/// Who is in an audience, as ad platforms take it: addresses and numbers normalised as they say, and
/// hashed, so that they recognise whom they know and learn nobody else.
package enum AudienceFile: String, CaseIterable, Sendable {
  case google, meta

  /// The file, as CSV. Who has neither address nor number is left out.
  package func csv(_ people: [(email: String?, phone: String?)]) -> (text: String, rows: Int) {
    var lines = [self == .google ? "Email,Phone" : "email,phone"]
    for person in people {
      let email = person.email.flatMap { self.email($0) }.map(Self.hash) ?? ""
      let phone = person.phone.flatMap { self.phone($0) }.map(Self.hash) ?? ""
      if !email.isEmpty || !phone.isEmpty { lines.append("\(email),\(phone)") }
    }
    return (lines.joined(separator: "\n") + "\n", lines.count - 1)
  }

  /// In lower case without spaces; Google also drops dots and what follows a plus at its own domains.
  func email(_ text: String) -> String? {
    guard let address = EmailAddress.normalised(text) else { return nil }
    guard self == .google else { return address }
    let parts = address.split(separator: "@")
    guard parts.count == 2, ["gmail.com", "googlemail.com"].contains(parts[1]) else {
      return address
    }
    let name = parts[0].prefix { $0 != "+" }.filter { $0 != "." }
    return "\(name)@\(parts[1])"
  }

  /// Google takes E.164 with the plus, Meta the digits alone.
  func phone(_ text: String) -> String? {
    guard let number = PhoneNumber.normalised(text) else { return nil }
    return self == .google ? number : String(number.dropFirst())
  }

  private static func hash(_ text: String) -> String {
    SHA256.hash(data: Array(text.utf8)).map { byte in
      let hex = String(byte, radix: 16)
      return byte < 16 ? "0" + hex : hex
    }.joined()
  }
}
