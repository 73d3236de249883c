import Foundation
import Testing

@testable import Encoders

@Suite struct EncoderSettingsTests {
  private func read(_ text: String) throws -> EncoderSettings {
    try EncoderSettings(json: Data(text.utf8), path: "beside.json")
  }

  private func reason(_ text: String) -> String {
    do {
      _ = try read(text)
      return ""
    } catch { return "\(error)" }
  }

  @Test("What options say wins over the file beside the encoder, and that over nothing")
  func precedence() throws {
    let beside = try read(#"{"width": 96, "mean": [0.5], "order": "bgr", "patches": ["a"]}"#)
    var given = EncoderSettings()
    given.order = .rgb
    given.height = 64
    let both = given.over(beside)
    #expect(both.width == 96 && both.height == 64 && both.order == .rgb)
    #expect(both.mean == [0.5] && both.patches == ["a"] && both.pooled == nil)
    #expect(given.over(nil) == given)
  }

  @Test("A file that says what no encoder can want is refused by its name")
  func refusals() {
    #expect(reason(#"{"widht": 96}"#).contains("no setting is named widht"))
    #expect(reason(#"{"order": "grb"}"#).contains("order"))
    #expect(reason(#"{"channels": 4}"#).contains("4 channels"))
    #expect(reason("[1]").contains("beside.json"))
    #expect(reason("{").contains("beside.json"))
    #expect(reason("{}") == "")
  }
}
