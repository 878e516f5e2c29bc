/** Emojis in groups, in the order in which people look for them. A screen reader says the name of each in its own language. */
export const EMOJIS = {
  faces:
    '😀 😃 😄 😁 😆 😅 😂 🤣 🙂 😉 😊 😇 🥰 😍 😘 😋 😜 🤗 🤔 🤫 😐 😏 🙄 😬 😌 😔 😴 😷 🤒 🥳 😎 🤓 😕 😟 😮 😲 😳 🥺 😢 😭 😱 😓 😤 😡',
  hands: '👍 👎 👌 ✌️ 🤞 🤝 🙏 👏 🙌 👋 💪 ☝️ 👇 👉 👈 ✍️ 🤷 🤦 🙋 🙇',
  hearts: '❤️ 🧡 💛 💚 💙 💜 🖤 🤍 💔 💯 💥 ✨ ⭐ 🔥 🎉 🎊 🎁 🎂 🌹 🌸 ☀️ 🌙',
  work: '📅 ⏰ ⏳ 📞 📱 💻 📧 📎 📄 📝 📊 📈 📍 🗺️ 🏢 🏠 🚗 🚌 ✈️ 🚚 📦 🛒 💳 💰 🔑 🔒 🎓 💼 🏥 ☕',
  signs: '✅ ☑️ ❌ ❗ ❓ ⚠️ ℹ️ 🔴 🟠 🟡 🟢 🔵 ⬆️ ⬇️ ➡️ ⬅️ 🔄 ➕ ➖ 🆕 🔔 🔕 🇲🇦 🇫🇷',
} as const
export type EmojiGroup = keyof typeof EMOJIS
