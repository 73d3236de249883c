import Foundation
import Testing

@testable import Encoders

/// Without OpenVINO, which tests do not ask for: what is said where it is not there. `make check-encoder` runs the rest.
@Suite struct ONNXEncoderTests {
  static let tiny = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Reference/tiny.onnx").path

  private func withFolder(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: path) }
    try body(path.path)
  }

  private func failure(_ places: EncoderPlaces, wanted: String? = nil) -> EncoderError? {
    do {
      _ = try ONNXEncoder(
        places, settings: EncoderSettings(), readsBeside: true, wanted: wanted, threads: 1)
      return nil
    } catch { return error }
  }

  @Test("Without OpenVINO a sentence says how to get it, and where it was looked for")
  func missing() throws {
    try withFolder { folder in
      for library in [folder, "\(folder)/libopenvino_c.so"] {
        let error = failure(EncoderPlaces(file: Self.tiny, library: library))
        #expect(error == .noLibrary(looked: [library]))
        #expect(error?.description.contains("pip install openvino") == true)
        #expect(error?.description.contains("SURPRISAL_OPENVINO") == true)
      }
    }
  }

  @Test("What is no library is refused with its path")
  func noLibrary() throws {
    guard case .unusableLibrary(let path, let reason)? = failure(.init(file: Self.tiny, library: Self.tiny))
    else {
      Issue.record("a file of another kind was taken for a library")
      return
    }
    #expect(path == Self.tiny && !reason.isEmpty)
  }

  @Test(
    "A file that is not there, and another than was fitted with, are refused before OpenVINO is looked for")
  func files() {
    guard case .noFile? = failure(EncoderPlaces(file: "/nowhere.onnx", library: "/nowhere")) else {
      Issue.record("a file that is not there was read")
      return
    }
    let other = String(repeating: "0", count: 64)
    guard
      case .otherFile(_, other, let found)? = failure(.init(file: Self.tiny, library: "/x"), wanted: other)
    else {
      Issue.record("another file was taken")
      return
    }
    #expect(found == "5aa00ea15fc10edb5d52780eb936a6bd24c1ccd90c84f439f722fb477f741858")
    #expect(failure(EncoderPlaces(library: "/x")) == .notGiven)
  }

  @Test("OpenVINO is found where pip puts it, the newest of several, and in the folder that is named")
  func finding() throws {
    try withFolder { folder in
      let libs = "\(folder)/lib/python3.11/site-packages/openvino/libs"
      try FileManager.default.createDirectory(atPath: libs, withIntermediateDirectories: true)
      for name in ["libopenvino_c.so.2520", "libopenvino_c.so.2641", "libopenvino.so.2641"] {
        try Data().write(to: URL(fileURLWithPath: "\(libs)/\(name)"))
      }
      let wanted = "\(libs)/libopenvino_c.so.2641"
      #expect(try EncoderPlaces(environments: ["/nowhere", folder]).find() == wanted)
      #expect(try EncoderPlaces(library: libs).find() == wanted)
      #expect(try EncoderPlaces(library: wanted).find() == wanted)
    }
  }
}
