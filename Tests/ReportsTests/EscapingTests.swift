import Testing

@testable import Reports

struct EscapingTests {
  @Test("Markup keeps nothing that opens a tag, an entity or a quote, and plain text as it is")
  func markup() {
    for part in RandomRecords.parts {
      let safe = part.markupEscaped
      #expect(!safe.contains { "<>\"".contains($0) }, "\(safe)")
      #expect(safe.replacing(/&(amp|lt|gt|quot|#\d+);/, with: "").contains("&") == false, "\(safe)")
    }
    #expect("plain, שלום 😀".markupEscaped == "plain, שלום 😀")
  }

  @Test("Printable text keeps letters of every script and shows control characters by their numbers")
  func printable() {
    #expect("é שלום 😀.png".printable == "é שלום 😀.png")
    #expect("\u{1B}[31m\n".printable == "\\u{1b}[31m\\u{a}")
  }
}
