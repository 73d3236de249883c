import Testing

extension CommandTests {
  struct ModelTests {
    @Test("A model is found by name or file, and its facts are JSON or text")
    func facts() throws {
      let named = try Command.run("model", "fashion-mnist", "--format", "json")
      let file = try Command.run("model", "models/fashion-mnist.safetensors", "--format", "json")
      #expect(named.code == 0 && named.output == file.output, "\(named)")
      let facts = try #require(try named.objects.first)
      #expect(facts["width"] as? Int == 28 && facts["height"] as? Int == 28 && facts["channels"] as? Int == 1)
      let parameters = try #require(facts["parameters"] as? Int)
      let text = try Command.run("model", "fashion-mnist")
      #expect(
        text.code == 0 && text.output.contains("28x28") && text.output.contains("\(parameters)"), "\(text)")
    }

    @Test("A profile times every layer")
    func profile() throws {
      let plain = try Command.run("model", "fashion-mnist")
      let profiled = try Command.run("model", "fashion-mnist", "--profile")
      #expect(profiled.code == 0 && profiled.output.hasPrefix(plain.output), "\(profiled)")
      let layers = profiled.output.dropFirst(plain.output.count).split(separator: "\n")
      #expect(layers.count > 10)
      let odd = layers.filter { !$0.contains(/^ *\d+\.\d+ ms  .+  \S+$/) }
      #expect(odd.isEmpty, "\(odd)")
    }
  }
}
