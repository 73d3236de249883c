import Foundation
import Testing

@testable import Encoders

/// What is inside an ONNX file, by name.
@Suite struct ONNXGraphTests {
  private static func tiny() throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: ONNXEncoderTests.tiny))
  }

  @Test("Outputs and what nodes give inside are found, and further outputs come after those there are")
  func names() throws {
    let bytes = try Self.tiny()
    let graph = try #require(ONNXGraph(bytes))
    #expect(graph.outputs == ["fine", "coarse", "whole"])
    #expect(graph.inner == ["first", "second", "means"] && graph.telling == graph.inner)
    // Where convolutions are casts instead, they say nothing.
    let mute = try #require(ONNXGraph(Self.replacing("Conv", by: "Cast", in: bytes)))
    #expect(mute.inner == graph.inner && mute.telling == ["means"])
    // A name of more than 127 bytes has a length of two.
    let long = String(repeating: "n", count: 300)
    let more = graph.adding(["means", "first", long])
    let back = try #require(ONNXGraph(more))
    #expect(back.outputs == ["fine", "coarse", "whole", "means", "first", long])
    #expect(back.inner == ["second"])
    // Two names of 5 letters with keys and lengths of a byte, one whose lengths take two; the graph's length may take one more.
    let added = 2 * (2 + 2 + 5) + (1 + 2 + 1 + 2 + 300)
    #expect((added...added + 1).contains(more.count - bytes.count))
    #expect(graph.adding([]) == bytes)
  }

  private static func replacing(_ old: String, by new: String, in bytes: Data) -> Data {
    var result = bytes
    while let range = result.range(of: Data([0x22, UInt8(old.utf8.count)] + Array(old.utf8))) {
      result.replaceSubrange(range, with: [0x22, UInt8(new.utf8.count)] + Array(new.utf8))
    }
    return result
  }

  @Test("What is cut or no such file has no graph, or one with fewer names, and is never read beyond its end")
  func cut() throws {
    let bytes = try Self.tiny()
    for count in 0..<bytes.count {
      // After the graph comes what one may do without.
      if let graph = ONNXGraph(bytes.prefix(count)) {
        #expect(graph.outputs == ["fine", "coarse", "whole"] && graph.inner.count == 3)
      }
    }
    for seed in 0..<200 {
      var broken = bytes
      broken[(seed * 7919) % broken.count] = UInt8(seed)
      // What is still a graph takes an output more, and is one.
      guard let graph = ONNXGraph(broken) else { continue }
      #expect(ONNXGraph(graph.adding(["more"]))?.outputs == graph.outputs + ["more"])
    }
    #expect(ONNXGraph(Data()) == nil)
  }
}
