package import CustomerJourney
import Foundation

/// One mail as it goes over the wire (RFC 5322, MIME), made by ``bytes``.
package struct MailMessage: Sendable {
  package var from: MailSender
  package var to: MailAddress
  package var replyTo: MailAddress?
  package var subject: String
  package var html: String?
  package var text: String
  package var date: Timestamp
  /// Without angle brackets: `12.abc@shop.nl`.
  package var messageID: String
  /// Where the reader leaves: the address of RFC 8058's one click.
  package var unsubscribe: String?
  /// For providers' feedback: `play:customer group:…:sender`.
  package var feedbackID: String?
  /// Of automatic mails, so that nobody's vacation answers.
  package var isAutomatic = true

  package init(
    from: MailSender, to: MailAddress, subject: String, html: String?, text: String,
    date: Timestamp, messageID: String, unsubscribe: String? = nil, replyTo: MailAddress? = nil,
    feedbackID: String? = nil
  ) {
    self.from = from
    self.to = to
    self.subject = subject
    self.html = html
    self.text = text
    self.date = date
    self.messageID = messageID
    self.unsubscribe = unsubscribe
    self.replyTo = replyTo
    self.feedbackID = feedbackID
  }

  /// The headers in their order, folded, without line ends behind them.
  var headers: [MailHeader] {
    var headers = [
      MailHeader("Date", MailHeader.date(date)),
      MailHeader("From", mailbox: from.name, from.address.text),
      MailHeader("To", "<\(to.text)>"),
      MailHeader("Subject", text: subject),
      MailHeader("Message-ID", "<\(MailHeader.plain(messageID))>"),
    ]
    if let replyTo { headers.append(MailHeader("Reply-To", "<\(replyTo.text)>")) }
    if let unsubscribe, let address = WebAddress.checked(unsubscribe) {
      headers.append(MailHeader("List-Unsubscribe", "<\(address)>"))
      headers.append(MailHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    }
    if let feedbackID { headers.append(MailHeader("Feedback-ID", MailHeader.plain(feedbackID))) }
    if isAutomatic { headers.append(MailHeader("Auto-Submitted", "auto-generated")) }
    headers.append(MailHeader("MIME-Version", "1.0"))
    return headers
  }

  /// Headers and body, lines ending with CR LF. `sign` gives headers that go before all others.
  package func bytes(sign: DKIMSigner? = nil) throws -> [UInt8] {
    var headers = headers
    var body: [UInt8] = []
    body.reserveCapacity(text.utf8.count + (html?.utf8.count ?? 0) * 5 / 4 + 1_000)
    if let html {
      // Derived from the id, which no other mail has; “=_” never stands in quoted-printable.
      let boundary =
        "=_" + MailHeader.plain(messageID).filter { $0.isLetter || $0.isNumber }.prefix(48)
      headers.append(
        MailHeader("Content-Type", "multipart/alternative; boundary=\"\(boundary)\""))
      for (type, content) in [("plain", text), ("html", html)] {
        body += "--\(boundary)\r\nContent-Type: text/\(type); charset=utf-8\r\n".utf8
        body += "Content-Transfer-Encoding: quoted-printable\r\n\r\n".utf8
        QuotedPrintable.append(content, to: &body)
        body += "\r\n".utf8
      }
      body += "--\(boundary)--\r\n".utf8
    } else {
      headers.append(MailHeader("Content-Type", "text/plain; charset=utf-8"))
      headers.append(MailHeader("Content-Transfer-Encoding", "quoted-printable"))
      QuotedPrintable.append(text, to: &body)
      body += "\r\n".utf8
    }
    let signatures = try sign?.signatures(headers: headers, body: body, at: date) ?? []
    var out: [UInt8] = []
    out.reserveCapacity(body.count + 2_000)
    for header in signatures + headers {
      out += header.line.utf8
      out += "\r\n".utf8
    }
    out += "\r\n".utf8
    return out + body
  }
}

/// Who a mail is from.
package struct MailSender: Hashable, Sendable {
  package var name: String
  package var address: MailAddress

  package init(name: String, address: MailAddress) {
    self.name = name
    self.address = address
  }
}

/// A header's name and value. There is no way to get a line end into one but by folding.
struct MailHeader: Hashable, Sendable {
  let name: String
  /// Folded: further lines begin with a space.
  let value: String

  /// A value of ASCII that is right as it is.
  init(_ name: String, _ value: String) {
    self.name = name
    self.value = Self.plain(value)
  }

  /// A value that was folded already.
  init(_ name: String, folded: String) {
    self.name = name
    value = folded
  }

  /// Free text, in encoded words where it is not plain ASCII (RFC 2047).
  init(_ name: String, text: String) {
    self.init(name, folded: Self.encoded(text, firstLine: name.utf8.count + 2))
  }

  /// A name and an address.
  init(_ name: String, mailbox: String, _ address: String) {
    let words = Self.plainSpaces(mailbox)
    if words.isEmpty {
      self.init(name, "<\(address)>")
    } else if words.utf8.allSatisfy({ (32...126).contains($0) }) {
      let quoted = words.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      self.init(name, folded: "\"\(quoted)\"\r\n <\(Self.plain(address))>")
    } else {
      self.init(
        name,
        folded: Self.encoded(words, firstLine: name.utf8.count + 2)
          + "\r\n <\(Self.plain(address))>")
    }
  }

  var line: String { "\(name): \(value)" }

  /// Control characters fall away, so that nothing ends a line.
  static func plain(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars where scalar.value >= 0x20 && scalar.value != 0x7F {
      out.unicodeScalars.append(scalar)
    }
    return out
  }

  private static func plainSpaces(_ text: String) -> String {
    plain(text.replacing("\n", with: " ").replacing("\r", with: " ").replacing("\t", with: " "))
      .trimmed
  }

  private static func encoded(_ text: String, firstLine: Int) -> String {
    let text = plainSpaces(text)
    // “=?” in plain text would be read as the beginning of an encoded word.
    if text.utf8.allSatisfy({ (32...126).contains($0) }), !text.contains("=?") {
      return folded(text, firstLine: firstLine)
    }
    // At most 75 characters a word: 45 bytes become 60 of base64 and 12 around it.
    var words: [String] = []
    var chunk: [UInt8] = []
    func close() {
      if !chunk.isEmpty { words.append("=?utf-8?B?\(Data(chunk).base64EncodedString())?=") }
      chunk = []
    }
    for scalar in text.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if chunk.count + bytes.count > (words.isEmpty ? max(15, 45 - firstLine * 3 / 4) : 45) {
        close()
      }
      chunk += bytes
    }
    close()
    return words.joined(separator: "\r\n ")
  }

  /// Folds before words so that lines stay below 76 characters where words allow it.
  private static func folded(_ text: String, firstLine: Int) -> String {
    var out = ""
    var length = firstLine
    for (index, word) in text.split(separator: " ", omittingEmptySubsequences: true).enumerated() {
      if index > 0 {
        if length + word.utf8.count + 1 > 76 {
          out += "\r\n "
          length = 1
        } else {
          out += " "
          length += 1
        }
      }
      out += word
      length += word.utf8.count
    }
    return out
  }

  /// `Wed, 25 Nov 2026 21:30:00 +0000`.
  static func date(_ moment: Timestamp) -> String {
    let civil = Zone.utc.civil(moment)
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    return
      "\(days[civil.weekday - 1]), \(civil.day) \(months[civil.month - 1]) \(civil.year) \(civil.clockText) +0000"
  }
}

/// Text as lines of at most 76 ASCII characters (RFC 2045 §6.7).
enum QuotedPrintable {
  private static let digits = Array("0123456789ABCDEF".utf8)

  static func append(_ text: String, to out: inout [UInt8]) {
    var text = text
    text.withUTF8 { bytes in
      var column = 0
      var index = 0
      while index < bytes.count {
        let byte = bytes[index]
        let next = index + 1 < bytes.count ? bytes[index + 1] : 10
        index += 1
        if byte == 10 {
          out.append(13)
          out.append(10)
          column = 0
          continue
        }
        if byte == 13, next == 10 { continue }
        let isBlankAtEnd = (byte == 32 || byte == 9) && (next == 10 || next == 13)
        // A dot at the beginning of a line is doubled on its way; encoded it cannot go wrong.
        let isPlain =
          ((33...126).contains(byte) && byte != 61 || byte == 32 || byte == 9) && !isBlankAtEnd
          && !(byte == 46 && column == 0)
        let width = isPlain ? 1 : 3
        if column + width > 75 {
          out.append(61)
          out.append(13)
          out.append(10)
          column = 0
        }
        if isPlain, !(byte == 46 && column == 0) {
          out.append(byte)
          column += 1
        } else {
          out.append(61)
          out.append(digits[Int(byte >> 4)])
          out.append(digits[Int(byte & 15)])
          column += 3
        }
      }
    }
  }
}
