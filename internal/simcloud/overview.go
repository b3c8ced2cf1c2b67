package simcloud

import (
	"fmt"
	"strings"
)

// overviewWords are the labels of the Overview page: display name, client id,
// object id, tenant id, account types, their value, credentials, their value,
// state, its value.
var overviewWords = table[[]string]{
	{"en", []string{
		"Delete\nEndpoints\nPreview features\nEssentials",
		"Display name", "Application (client) ID", "Object ID", "Directory (tenant) ID",
		"Supported account types", "My organization only", "Client credentials", "%d certificate, %d secret",
		"Redirect URIs", "Add a Redirect URI", "Application ID URI", "Add an Application ID URI",
		"Managed application in local directory", "State", "Activated",
	}},
	{"de", []string{
		"Löschen\nEndpunkte\nVorschaufeatures\nZusammenfassung",
		"Anzeigename", "Anwendungs-ID (Client)", "Objekt-ID", "Verzeichnis-ID (Mandant)",
		"Unterstützte Kontotypen", "Nur meine Organisation", "Clientanmeldeinformationen", "%d Zertifikat, %d Geheimnis",
		"Umleitungs-URIs", "Umleitungs-URI hinzufügen", "Anwendungs-ID-URI", "Anwendungs-ID-URI hinzufügen",
		"Verwaltete Anwendung im lokalen Verzeichnis", "Zustand", "Aktiviert",
	}},
}

// OverviewPage is the text a person gets who selects the whole Overview page of
// the app registration and copies it, in English. Empty for an unknown app.
func (t *Tenant) OverviewPage(clientID string) string { return t.OverviewPageIn(clientID, "en") }

// OverviewPageIn is OverviewPage in a language, "en" or "de".
func (t *Tenant) OverviewPageIn(clientID, lang string) string {
	a, ok := get(t, t.latest).apps[strings.ToLower(clientID)]
	w, known := overviewWords.find(lang)
	if !ok || !known {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", a.name, w[0])
	for _, row := range [][2]string{
		{w[1], a.name},
		{w[2], a.client},
		{w[3], a.id},
		{w[4], t.spec.ID},
		{w[5], w[6]},
		{w[7], fmt.Sprintf(w[8], len(a.keys), len(a.secrets))},
		{w[9], w[10]},
		{w[11], w[12]},
		{w[13], a.name},
		{w[14], w[15]},
	} {
		fmt.Fprintf(&b, "%s\n:\n%s\n", row[0], row[1])
	}
	return b.String()
}
