import Foundation
import Testing

@testable import ScoreModel

struct SafeTensorsTests {
  /// A file of this header and so many bytes after it.
  static func file(_ header: String, body: Int = 8, length: UInt64? = nil) -> Data {
    var bytes = Data()
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { bytes.append(contentsOf: $0) }
    return bytes + Data(header.utf8) + Data(count: body)
  }

  static func reason(_ bytes: Data) -> String? {
    do throws(ModelFileError) {
      _ = try SafeTensors(bytes: bytes, path: "x")
      return nil
    } catch { return error.description }
  }

  /// A tensor of the header.
  static func tensor(_ name: String, _ shape: String, _ offsets: String, type: String = "\"F32\"") -> String {
    "\"\(name)\":{\"dtype\":\(type),\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  @Test("What is written is read: shapes, values and metadata, whatever they are called")
  func roundTrip() throws {
    var file = SafeTensors()
    file.metadata = ["key \"\\\n\u{1}": "{\"a\":\"\u{1F600}/\"}", "": ""]
    file.tensors = [
      "a\"b\\": .init(shape: [2, 3], values: [1, -2, .nan, .infinity, 0, -0.0]), "z": .init([]),
      "scalar": .init(shape: [], values: [7]),
    ]
    let read = try SafeTensors(bytes: try file.encoded(), path: "x")
    #expect(read.metadata == file.metadata)
    #expect(read.tensors.keys.sorted() == file.tensors.keys.sorted())
    for (name, tensor) in file.tensors {
      #expect(read.tensors[name]?.shape == tensor.shape)
      let (found, wanted) = (try read.tensors[name]?.values ?? [], try tensor.values)
      #expect(found.map(\.bitPattern) == wanted.map(\.bitPattern), "\(name)")
    }
    #expect(try read.encoded() == file.encoded())
  }

  @Test("White space, escapes and any order are as good as none")
  func spellings() throws {
    let header = """
       {"\\u0061\\ud83d\\ude00" : {"data_offsets" : [4, 8] , "shape":[1] ,"dtype":"F32"},
       \t"b":{"dtype":"F32","shape":[],"data_offsets":[0,4]} , "__metadata__":{}}\r\n
      """
    let read = try SafeTensors(bytes: Self.file(header), path: "x")
    #expect(read.tensors.keys.sorted() == ["a\u{1F600}", "b"])
  }

  static let lies: [(members: String, reason: String)] = [
    (tensor("a", "[1]", "[0,4]") + "," + tensor("b", "[1]", "[0,4]"), "overlaps"),
    (tensor("a", "[2]", "[0,8]") + "," + tensor("b", "[1]", "[4,8]"), "overlaps"),
    (tensor("a", "[1]", "[4,8]"), "4 bytes before tensor a"),
    (tensor("a", "[1]", "[0,4]"), "4 bytes at the end"),
    (tensor("a", "[3]", "[0,12]"), "past the end"),
    (tensor("a", "[2]", "[8,0]"), "ends before it starts"),
    (tensor("a", "[1]", "[0,4]") + "," + tensor("a", "[1]", "[4,8]"), "a is there twice"),
    (tensor("a", "[3]", "[0,8]"), "does not fill"),
    (tensor("a", "[4611686018427387904]", "[0,8]"), "does not fill"),
    (tensor("a", "[4294967296,4294967296,4]", "[0,8]"), "does not fill"),
    (tensor("a", "[2]", "[9223372036854775800,9223372036854775807]"), "does not fill"),
    (tensor("a", "[1]", "[9223372036854775800,9223372036854775804]"), "past the end"),
    (tensor("a", "[9223372036854775808]", "[0,8]"), "too large"),
    (tensor("a", "[-2]", "[0,8]"), "no whole number"), (tensor("a", "[2.0]", "[0,8]"), "no ,"),
    (tensor("a", "[02]", "[0,8]"), "no whole number"), (tensor("a", "[2]", "[0]"), "not described"),
    (tensor("a", "[2]", "[0,4,8]"), "more than 2"),
    (tensor("a", "[2,1,1,1,1,1,1,1,1]", "[0,8]"), "more than 8"),
    (tensor("a", "null", "[0,8]"), "no ["), (tensor("a", "[1]", "[0,8]", type: "\"F64\""), "F64, not F32"),
    (tensor("\\u001b[2J", "[1]", "[0,8]", type: "\"F64\""), "\"\\u{1B}[2J\" is F64"),
    ("\"a\":{\"dtype\":\"F32\",\"shape\":[2]}", "not described"),
    ("\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}", "dtype too many"),
    ("\"a\":{\"more\":1}", "more too many"),
    ("\"a\":" + String(repeating: "[", count: 100_000), "no {"),
    ("\"__metadata__\":{\"a\":" + String(repeating: "{\"a\":", count: 100_000), "no \""),
    ("\"__metadata__\":{\"a\":\"\",\"a\":\"\"}", "a is there twice"),
    ("\"__metadata__\":{\"a\":1}", "no \""),
    ("\"a\u{0}\":1", "a control character"), ("\"\\ud800\":1", "half a character"),
    ("\"\\x\":1", "no escape"),
  ]

  @Test(
    "A header that lies is refused with what is wrong, and nothing is allocated from it",
    arguments: lies)
  func refusals(members: String, reason: String) throws {
    let refused = try #require(Self.reason(Self.file("{\(members)}")))
    #expect(refused.hasPrefix("x: ") && refused.contains(reason), "\(refused.prefix(300))")
  }

  @Test("A file cut anywhere, or with a length of the header that it does not have, is refused")
  func cut() throws {
    var file = SafeTensors()
    file.tensors = ["a": .init([1, 2]), "b": .init([3])]
    let bytes = try file.encoded()
    for length in 0..<bytes.count { #expect(Self.reason(bytes.prefix(length)) != nil, "\(length)") }
    #expect(Self.reason(bytes + Data(count: 1))?.contains("1 bytes at the end") == true)
    for length in [0, 1, 1 << 24, 1 << 62, 1 << 63, .max] as [UInt64] {
      #expect(Self.reason(Self.file("{}", body: 0, length: length)) != nil, "\(length)")
    }
    #expect(Self.reason(Self.file("{}", body: 0)) == nil)
  }

  @Test("More tensors than any model has are refused before they are all taken in")
  func many() {
    let tensors = (0...SafeTensors.Header.mostTensors).map { Self.tensor("\($0)", "[0]", "[0,0]") }
    let reason = Self.reason(Self.file("{\(tensors.joined(separator: ","))}", body: 0))
    #expect(reason?.contains("more than \(SafeTensors.Header.mostTensors) tensors") == true)
  }

  @Test("What is no regular file is refused, and a file that is cut while it is read is told")
  func files() throws {
    for path in ["/dev/zero", "/tmp", "/no/such"] {
      #expect(throws: ModelFileError.self, "\(path)") { try SafeTensors(path: path) }
    }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("cut-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var file = SafeTensors()
    file.tensors = ["a": .init([Float](repeating: 1, count: 100))]
    try file.write(to: path)
    let read = try SafeTensors(path: path)
    #expect(truncate(path, 200) == 0)
    let error = #expect(throws: ModelFileError.self) { try read.tensors["a"]?.values }
    #expect(error?.description.contains("it was cut while it was read") == true)
  }

  @Test("Metadata is read by whole value: members named in the reason, nesting and repeats refused")
  func metadata() throws {
    struct Value: Decodable {
      struct Inner: Decodable { let b: Int }
      let a: Inner
    }
    for (text, reason) in [
      ("{}", "lacks a"), ("{\"a\":{}}", "lacks a.b"), ("{\"a\":{\"b\":\"1\"}}", "a.b is of another kind"),
      ("{\"a\":null}", "a is null"), ("{\"a\":{\"b\":1,\"b\":2}}", "\"b\" twice"),
      ("{\"a\":{\"b\":1}}}", "more than one"),
      ("{\"a\":{\"b\":1e400}}", "cannot have"), ("{\"a\":{\"b\":1.5}}", "cannot have"), ("", "an end"),
      ("{\"a\":{\"b\":1},}", "after a comma"),
      (String(repeating: "[", count: 1 << 20), "nested too deep"),
      ("\"" + String(repeating: "a", count: SafeTensors.longestMetadata) + "\"", "at most"),
    ] {
      var file = SafeTensors()
      file.metadata["key"] = text
      let refusal = #expect(throws: Refusal.self, "\(text.prefix(40))") {
        try file.metadata(Value.self, at: "key")
      }
      #expect(
        refusal?.reason.contains(reason) == true, "\(text.prefix(40)): \(refusal?.reason.prefix(200) ?? "")")
    }
    var file = SafeTensors()
    file.metadata["key"] = "{\"a\":{\"b\":1}}"
    #expect(try file.metadata(Value.self, at: "key")?.a.b == 1)
    #expect(try file.metadata(Value.self, at: "other") == nil)
  }
}
